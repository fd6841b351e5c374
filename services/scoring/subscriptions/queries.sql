-- name: write_subscription!
-- Somebody wants to be told.
INSERT INTO subscription (subscription, home, account, role, scope, value, kinds, silence_months, lead_days, language, channel,
    address, receiver, quiet_from, quiet_to, digest, key, made_at, confirmed_at)
VALUES (:subscription, :home, :account, :role, :scope, :value, :kinds, :silence_months, :lead_days, :language, :channel,
    :address, :receiver, :quiet_from, :quiet_to, :digest, :key, :made_at, :confirmed_at);

-- name: change_subscription!
-- Somebody wants to be told otherwise.
UPDATE subscription SET scope = :scope, value = :value, kinds = :kinds, silence_months = :silence_months, lead_days = :lead_days,
    language = :language, quiet_from = :quiet_from, quiet_to = :quiet_to, digest = :digest
WHERE subscription = :subscription AND ended_at IS NULL;

-- name: subscriptions
-- The subscriptions of an account in a home, or all of the home, in the order in which they were made.
SELECT subscription.*,
       coalesce((SELECT json_agg(json_build_object('partnership', partnership, 'until', until) ORDER BY partnership)
                 FROM snooze WHERE snooze.subscription = subscription.subscription AND until >= :today), '[]') AS snoozed
FROM subscription
WHERE home = :home AND (:account::text IS NULL OR account = :account)
  AND (:subscription::uuid IS NULL OR subscription = :subscription)
  AND (:after::uuid IS NULL
       OR (made_at, subscription) > (SELECT made_at, subscription FROM subscription WHERE subscription = :after AND home = :home))
ORDER BY made_at, subscription LIMIT :most;

-- name: with_key^
-- Whose key is this?
SELECT subscription, home, made_at, confirmed_at, paused_at, ended_at FROM subscription WHERE key = :key;

-- name: count_of_account$
-- How many live subscriptions has an account in a home?
SELECT count(*) FROM subscription WHERE home = :home AND account = :account AND ended_at IS NULL;

-- name: one_subscribes_at_a_time!
-- Whoever subscribes this address or account waits for whoever just does.
SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/subscribe/' || :who, 0));

-- name: count_asked$
-- How many confirmations of this address are awaited?
SELECT count(*) FROM subscription WHERE address = :address AND channel = 'email' AND confirmed_at IS NULL AND made_at > :since;

-- name: confirm$
-- The address wants to be told.
UPDATE subscription SET confirmed_at = :now
WHERE subscription = :subscription AND confirmed_at IS NULL AND ended_at IS NULL AND made_at > :since
RETURNING subscription;

-- name: pause!
-- Nothing is sent for a while.
UPDATE subscription SET paused_at = coalesce(paused_at, :now) WHERE subscription = :subscription AND ended_at IS NULL;

-- name: resume!
-- And on again.
UPDATE subscription SET paused_at = NULL WHERE subscription = :subscription AND ended_at IS NULL;

-- name: end_subscription$
-- It is over, and its address is forgotten.
UPDATE subscription SET ended_at = :now, ended_because = :because, address = NULL, receiver = 'ended'
WHERE subscription = :subscription AND ended_at IS NULL RETURNING subscription;

-- name: forget_secrets!
-- Nothing is signed any more.
DELETE FROM webhook_secret WHERE subscription = :subscription;

-- name: drop_pending!
-- Nothing is sent any more. In order, as `end_attempts` takes them.
WITH pending AS MATERIALIZED (
    SELECT delivery FROM delivery WHERE subscription = :subscription AND state = 'pending' ORDER BY number FOR UPDATE
)
UPDATE delivery SET state = 'dropped', why = 'The subscription has ended.', settled_at = :now, deliverer = NULL
FROM pending WHERE delivery.delivery = pending.delivery;

-- name: forget_unconfirmed!
-- Who has not confirmed in time never subscribed.
DELETE FROM subscription WHERE confirmed_at IS NULL AND made_at <= :before;

-- name: write_secret!
-- A webhook is signed with this from now on.
INSERT INTO webhook_secret (subscription, secret) VALUES (:subscription, :secret);

-- name: retire_secrets!
-- The secret of before is good for a day more; those before it for nothing.
UPDATE webhook_secret SET valid_until = :until WHERE subscription = :subscription AND valid_until IS NULL;

-- name: forget_old_secrets!
-- These have had their day.
DELETE FROM webhook_secret WHERE subscription = :subscription AND valid_until IS NOT NULL;

-- name: write_message!
-- A confirmation or a sample is to be sent now.
INSERT INTO delivery (delivery, subscription, home, kind, partnership, receiver, made_at, due_at)
VALUES (:delivery, :subscription, :home, :kind, :kind, :receiver, :now, :now);

-- name: pending_sample$
-- Is a sample on its way?
SELECT EXISTS (SELECT FROM delivery WHERE subscription = :subscription AND kind = 'sample' AND state = 'pending');

-- name: write_snooze!
-- Nothing of this partnership up to and including a day.
INSERT INTO snooze (subscription, partnership, until) VALUES (:subscription, :partnership, :until)
ON CONFLICT (subscription, partnership) DO UPDATE SET until = excluded.until;

-- name: drop_snooze!
-- Of this partnership again.
DELETE FROM snooze WHERE subscription = :subscription AND partnership = :partnership;

-- name: partnership_of_home$
-- Does the home have a partnership of this name?
SELECT EXISTS (SELECT FROM partnership WHERE home = :home AND partnership = :partnership);
