-- name: one_matches_at_a_time$
-- May this session hand alerts out until the transaction ends? So that those of a partnership come in their order.
SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '/alerts', 0));

-- name: anything_raised$
-- Is there any alert that was not handed out yet?
SELECT EXISTS (SELECT FROM outbox);

-- name: raised
-- Which alerts were raised and not handed out yet, in order?
SELECT outbox.home, outbox.alert, outbox.partnership, outbox.raised_at, outbox.traceparent, alert.about, alert.kind
FROM outbox JOIN alert USING (home, alert)
ORDER BY outbox.position, outbox.alert LIMIT :most;

-- name: handed_out!
-- These alerts have been handed out.
DELETE FROM outbox USING unnest(:homes::text[], :alerts::uuid[]) AS done (home, alert)
WHERE outbox.home = done.home AND outbox.alert = done.alert;

-- name: matched
-- Who is to be told of these alerts? Whoever subscribes to such, was confirmed by then, and may see the partnership today.
SELECT asked.turn - 1 AS turn, told.subscription, told.receiver, told.digest, told.quiet_from, told.quiet_to
FROM unnest(:homes::text[], :alerts::uuid[], :released::boolean[], :today::date[])
    WITH ORDINALITY AS asked (home, alert, released, today, turn)
JOIN alert USING (home, alert)
CROSS JOIN LATERAL (
    SELECT 'all' AS scope, '' AS value
    UNION ALL SELECT 'partnership', alert.partnership
    UNION ALL SELECT 'country', alert.document->>'country'
    UNION ALL SELECT 'issue', alert.document->>'issue'
    UNION ALL (SELECT 'rating', alert.document->'rating'->>'before' UNION SELECT 'rating', alert.document->'rating'->>'after')
) AS fits
JOIN subscription AS told ON told.home = alert.home AND told.scope = fits.scope AND told.value = fits.value
WHERE confirmed_at <= alert.raised_at AND paused_at IS NULL AND ended_at IS NULL
  AND alert.kind = ANY(kinds)
  AND CASE
        WHEN alert.kind = 'will_fall' THEN lead_days && alert.crossed
        WHEN alert.kind NOT IN ('dormant', 'revived') THEN true
        WHEN silence_months IS NULL THEN alert.by_law
        WHEN alert.kind = 'dormant' THEN silence_months = ANY(alert.crossed)
        ELSE silence_months <= alert.crossed[1]
      END
  AND CASE WHEN account IS NULL THEN asked.released ELSE EXISTS (
        SELECT FROM access.membership JOIN access.account USING (account)
        WHERE membership.account = told.account AND membership.role = told.role
          AND (membership.home = told.home OR membership.role = 'ministry') AND account.disabled_at IS NULL
          AND (alert.partnership = ANY(membership.partnerships)
               OR membership.partnerships IS NULL AND membership.role <> 'embassy')
      ) END
  AND NOT EXISTS (
        SELECT FROM snooze
        WHERE snooze.subscription = told.subscription AND snooze.partnership = alert.partnership AND until >= asked.today)
ORDER BY asked.turn, told.subscription;

-- name: drop_untold!
-- These alerts were withdrawn before anybody tried to tell of them: they are told to nobody.
UPDATE delivery SET state = 'dropped', why = 'The alert was withdrawn before it was sent.', settled_at = :now, deliverer = NULL
FROM unnest(:homes::text[], :alerts::uuid[]) AS withdrawn (home, alert)
WHERE delivery.alert = withdrawn.alert AND delivery.home = withdrawn.home AND state = 'pending' AND attempts = 0;

-- name: untold_digests
-- Take the digests that gather these alerts, and that nobody has tried to send, out of every hand: what they say will change.
UPDATE delivery SET deliverer = NULL
FROM digest_alert JOIN unnest(:homes::text[], :alerts::uuid[]) AS withdrawn (home, alert) USING (alert)
WHERE delivery.delivery = digest_alert.delivery AND delivery.home = withdrawn.home AND state = 'pending' AND attempts = 0
RETURNING delivery.delivery;

-- name: take_out_of_digests!
-- Let these digests not tell of these alerts.
DELETE FROM digest_alert WHERE alert = ANY(:alerts::uuid[]) AND delivery = ANY(:digests::uuid[]);

-- name: drop_empty_digests!
-- A digest that gathers nothing any more is none.
DELETE FROM delivery
WHERE delivery = ANY(:digests::uuid[]) AND attempts = 0
  AND NOT EXISTS (SELECT FROM digest_alert WHERE digest_alert.delivery = delivery.delivery);

-- name: told
-- Who was told of these alerts, or may have been?
SELECT asked.turn - 1 AS turn, told.subscription, told.receiver, told.digest, told.quiet_from, told.quiet_to
FROM unnest(:homes::text[], :alerts::uuid[]) WITH ORDINALITY AS asked (home, alert, turn)
CROSS JOIN LATERAL (
    SELECT subscription FROM delivery WHERE delivery.alert = asked.alert AND home = asked.home AND attempts > 0
    UNION
    SELECT subscription FROM digest_alert JOIN delivery USING (delivery)
    WHERE digest_alert.alert = asked.alert AND home = asked.home AND attempts > 0
) AS reached
JOIN subscription AS told USING (subscription)
WHERE ended_at IS NULL
ORDER BY asked.turn, told.subscription;

-- name: write_deliveries!
-- A message for each of these subscriptions, in this order.
INSERT INTO delivery (delivery, subscription, home, kind, partnership, alert, receiver, made_at, due_at, traceparent)
SELECT delivery, subscription, home, 'alert', partnership, alert, receiver, :now, due_at, traceparent
FROM unnest(:deliveries::uuid[], :subscriptions::uuid[], :receivers::text[], :due_at::timestamptz[], :homes::text[],
    :partnerships::text[], :alerts::uuid[], :traceparents::text[])
    WITH ORDINALITY AS planned (delivery, subscription, receiver, due_at, home, partnership, alert, traceparent, turn)
ORDER BY turn
ON CONFLICT (delivery) DO NOTHING;

-- name: gather
-- Put an alert into the digests of these periods that nobody has tried to send; those it was put into.
WITH gathering AS (
    INSERT INTO delivery (delivery, subscription, home, kind, partnership, receiver, made_at, due_at)
    SELECT delivery, subscription, :home, 'digest', '', receiver, :now, due_at
    FROM unnest(:deliveries::uuid[], :subscriptions::uuid[], :receivers::text[], :due_at::timestamptz[])
        AS planned (delivery, subscription, receiver, due_at)
    ORDER BY delivery
    ON CONFLICT (delivery) DO UPDATE SET deliverer = NULL
        WHERE delivery.state = 'pending' AND delivery.attempts = 0
    RETURNING delivery
), gathered AS (
    INSERT INTO digest_alert (delivery, alert) SELECT delivery, :alert FROM gathering ON CONFLICT DO NOTHING
)
SELECT delivery FROM gathering;

-- name: claim
-- Take deliveries in hand that are due: of each receiver as many as it may have at once, one while it does not take what it
-- was sent; of a subscription's partnership the first that is pending. One that somebody has in hand who is not there any more is free again.
WITH RECURSIVE waiting AS (
    (SELECT receiver FROM delivery WHERE state = 'pending' ORDER BY receiver LIMIT 1)
    UNION ALL
    SELECT (SELECT receiver FROM delivery WHERE state = 'pending' AND receiver > waiting.receiver ORDER BY receiver LIMIT 1)
    FROM waiting WHERE waiting.receiver IS NOT NULL
), there AS MATERIALIZED (
    SELECT worker FROM worker WHERE projection = :projection
), room AS (
    SELECT receiver, CASE WHEN receiver <> :mail_server AND EXISTS (
        SELECT FROM delivery
        WHERE delivery.receiver = waiting.receiver AND state = 'pending' AND attempts > 0 AND deliverer IS NULL
    ) THEN 1 ELSE :most_of_one::int END - (
        SELECT count(*) FROM delivery
        WHERE delivery.receiver = waiting.receiver AND deliverer IN (SELECT worker FROM there))::int AS places
    FROM waiting WHERE receiver IS NOT NULL
), chosen AS (
    SELECT next.delivery
    FROM room CROSS JOIN LATERAL (
        SELECT delivery.delivery, delivery.due_at, delivery.number
        FROM delivery JOIN subscription USING (subscription)
        WHERE delivery.receiver = room.receiver AND delivery.state = 'pending' AND delivery.due_at <= :now
          AND (delivery.deliverer IS NULL OR delivery.deliverer NOT IN (SELECT worker FROM there))
          AND subscription.paused_at IS NULL
          AND NOT EXISTS (
              SELECT FROM delivery AS earlier
              WHERE earlier.subscription = delivery.subscription AND earlier.partnership = delivery.partnership
                AND earlier.state = 'pending' AND earlier.number < delivery.number)
        ORDER BY delivery.due_at, delivery.number LIMIT greatest(room.places, 0)
        FOR UPDATE OF delivery SKIP LOCKED
    ) AS next
    ORDER BY next.due_at, next.number LIMIT :most
), claimed AS (
    UPDATE delivery SET deliverer = :deliverer FROM chosen WHERE delivery.delivery = chosen.delivery
    RETURNING delivery.*
)
SELECT claimed.delivery, claimed.kind, claimed.partnership, claimed.attempts, claimed.first_attempt_at, claimed.home,
       claimed.traceparent,
       subscription.subscription, subscription.account, subscription.scope, subscription.value, subscription.language,
       subscription.channel, subscription.address, subscription.key, subscription.quiet_from, subscription.quiet_to,
       ARRAY(SELECT secret FROM webhook_secret
             WHERE webhook_secret.subscription = claimed.subscription AND (valid_until IS NULL OR valid_until > :now)
             ORDER BY webhook_secret.number DESC) AS secrets,
       (SELECT json_agg(alert.document ORDER BY alert.position, alert.alert)
        FROM (SELECT claimed.alert AS alert WHERE claimed.alert IS NOT NULL
              UNION ALL
              SELECT digest_alert.alert FROM digest_alert WHERE digest_alert.delivery = claimed.delivery) AS told
        CROSS JOIN LATERAL (
            SELECT * FROM alert WHERE alert.home = claimed.home AND alert.alert = told.alert OFFSET 0  -- one by one, by its key
        ) AS alert
        WHERE (subscription.account IS NULL OR EXISTS (
              SELECT FROM access.membership JOIN access.account USING (account)
              WHERE membership.account = subscription.account AND membership.role = subscription.role
                AND (membership.home = subscription.home OR membership.role = 'ministry') AND account.disabled_at IS NULL
                AND (alert.partnership = ANY(membership.partnerships)
                     OR membership.partnerships IS NULL AND membership.role <> 'embassy')))) AS documents
FROM claimed JOIN subscription USING (subscription)
ORDER BY claimed.due_at, claimed.number;

-- name: begin_attempts
-- Put attempts on record before they are made, of the deliveries that are still pending and in this hand.
WITH begun AS (
    UPDATE delivery SET attempts = attempts + 1, first_attempt_at = coalesce(first_attempt_at, :now)
    WHERE delivery = ANY(:deliveries::uuid[]) AND deliverer = :deliverer AND state = 'pending'
    RETURNING delivery, attempts, first_attempt_at
), kept AS (
    INSERT INTO attempt (delivery, number, began_at) SELECT delivery, attempts, :now FROM begun
)
SELECT delivery, attempts, first_attempt_at,
       (SELECT count(*) FROM attempt WHERE attempt.delivery = begun.delivery AND outcome IS NOT NULL)::int AS refused
FROM begun;

-- name: end_attempts!
-- Put on record how attempts ended, and what the deliveries are by that, unless somebody else has one in hand by now. In the
-- order in which whoever ends a subscription takes them, so that neither waits for the other for ever.
WITH ended AS (
    SELECT * FROM unnest(:deliveries::uuid[], :deliverers::uuid[], :numbers::int[], :took_ms::int[], :statuses::smallint[],
        :outcomes::text[], :excerpts::text[], :states::text[], :whys::text[], :due_at::timestamptz[])
        AS ended (delivery, deliverer, number, took_ms, status, outcome, excerpt, state, why, due_at)
), on_record AS (
    UPDATE attempt SET took_ms = ended.took_ms, status = ended.status, outcome = ended.outcome, excerpt = ended.excerpt
    FROM ended WHERE attempt.delivery = ended.delivery AND attempt.number = ended.number
), held AS MATERIALIZED (
    SELECT delivery.delivery FROM delivery JOIN ended USING (delivery)
    WHERE delivery.deliverer = ended.deliverer AND attempts = ended.number AND delivery.state = 'pending'
    ORDER BY delivery.number FOR UPDATE OF delivery
)
UPDATE delivery SET deliverer = NULL, state = ended.state, why = ended.why, due_at = coalesce(ended.due_at, delivery.due_at),
    settled_at = CASE WHEN ended.state <> 'pending' THEN :now::timestamptz END
FROM ended JOIN held USING (delivery) WHERE delivery.delivery = ended.delivery;

-- name: put_off!
-- Let deliveries that are in this hand wait until they are due, without an attempt.
UPDATE delivery SET deliverer = NULL, due_at = later.due_at
FROM unnest(:deliveries::uuid[], :due_at::timestamptz[]) AS later (delivery, due_at)
WHERE delivery.delivery = later.delivery AND deliverer = :deliverer AND state = 'pending';

-- name: drop_deliveries!
-- Nobody is to be told these any more.
UPDATE delivery SET deliverer = NULL, state = 'dropped', why = dropped.why, settled_at = :now
FROM unnest(:deliveries::uuid[], :whys::text[]) AS dropped (delivery, why)
WHERE delivery.delivery = dropped.delivery AND deliverer = :deliverer AND state = 'pending';

-- name: forget_settled!
-- What was settled long ago is not kept any more, nor its attempts.
DELETE FROM delivery WHERE delivery IN (
    SELECT delivery FROM delivery WHERE settled_at < :before ORDER BY settled_at LIMIT :most FOR UPDATE SKIP LOCKED);

-- name: hint_at_deliveries!
-- There may be something to deliver.
SELECT pg_notify(:channel, '');

-- name: deliveries_of_home^
-- How many deliveries of a home are pending, and how many have failed?
SELECT count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'failed') AS failed
FROM delivery WHERE home = :home AND state IN ('pending', 'failed');

-- name: deliveries_of_all^
-- How many are there in all homes?
SELECT count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'failed') AS failed
FROM delivery WHERE state IN ('pending', 'failed');

-- name: deliveries_of_subscription
-- What was sent to a subscription, the latest first, with every attempt?
SELECT delivery, number, subscription, kind, partnership, alert, state, why, made_at, due_at, settled_at, attempts,
       coalesce((SELECT json_agg(json_build_object('number', attempt.number, 'began_at', began_at, 'took_ms', took_ms,
                     'status', status, 'outcome', outcome, 'excerpt', excerpt) ORDER BY attempt.number)
                 FROM attempt WHERE attempt.delivery = delivery.delivery), '[]') AS attempted
FROM delivery
WHERE subscription = :subscription AND (:before::bigint IS NULL OR number < :before)
  AND (:state::text IS NULL OR state = :state)
ORDER BY number DESC LIMIT :most;

-- name: deliveries_of_account
-- What was sent to all subscriptions of an account in a home, or of everybody, in some state, the latest first?
SELECT delivery.delivery, delivery.number, delivery.subscription, delivery.kind, delivery.partnership, delivery.alert,
       delivery.state, delivery.why, delivery.made_at, delivery.due_at, delivery.settled_at, delivery.attempts,
       coalesce((SELECT json_agg(json_build_object('number', attempt.number, 'began_at', began_at, 'took_ms', took_ms,
                     'status', status, 'outcome', outcome, 'excerpt', excerpt) ORDER BY attempt.number)
                 FROM attempt WHERE attempt.delivery = delivery.delivery), '[]') AS attempted
FROM delivery JOIN subscription USING (subscription)
WHERE delivery.home = :home AND (:account::text IS NULL OR subscription.account = :account)
  AND delivery.state = :state AND (:before::bigint IS NULL OR delivery.number < :before)
ORDER BY delivery.number DESC LIMIT :most;

-- name: delivery_of^
-- One delivery, whose it is, and whether what it tells of was withdrawn since.
SELECT delivery.delivery, delivery.state, subscription.account, subscription.ended_at,
       EXISTS (SELECT FROM alert WHERE alert.home = delivery.home AND alert.about = delivery.alert) AS is_withdrawn
FROM delivery JOIN subscription USING (subscription)
WHERE delivery.delivery = :delivery AND delivery.home = :home;

-- name: send_again$
-- Let a delivery that has failed begin anew.
WITH again AS (
    UPDATE delivery SET state = 'pending', why = NULL, settled_at = NULL, first_attempt_at = NULL, due_at = :now
    WHERE delivery = :delivery AND state = 'failed' RETURNING delivery
)
SELECT count(*) FROM again;
