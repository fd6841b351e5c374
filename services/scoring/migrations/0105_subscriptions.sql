-- Who wants to be told what, where and when. An account's, or somebody's without one; an ended one has no address any more.
-- `key` is the secret in every message by which whoever got it confirms or ends the subscription.
CREATE TABLE subscription (
    subscription   uuid PRIMARY KEY,
    home           text NOT NULL,
    account        text,
    role           text,
    scope          text NOT NULL CHECK (scope IN ('all', 'partnership', 'country', 'issue', 'rating')),
    value          text NOT NULL,
    kinds          text[] NOT NULL,
    silence_months smallint,
    lead_days      smallint[] NOT NULL,
    language       text NOT NULL,
    channel        text NOT NULL CHECK (channel IN ('webhook', 'email')),
    address        text,
    receiver       text NOT NULL,
    quiet_from     time,
    quiet_to       time,
    digest         text NOT NULL CHECK (digest IN ('none', 'daily', 'weekly')),
    key            text NOT NULL UNIQUE,
    made_at        timestamptz NOT NULL,
    confirmed_at   timestamptz,
    paused_at      timestamptz,
    ended_at       timestamptz,
    ended_because  text,
    CHECK ((account IS NULL) = (role IS NULL)),
    CHECK ((address IS NULL) = (ended_at IS NOT NULL))
);
CREATE INDEX subscription_to_match ON subscription (home, scope, value)
    WHERE confirmed_at IS NOT NULL AND paused_at IS NULL AND ended_at IS NULL;
CREATE INDEX subscription_of_home ON subscription (home, account, made_at, subscription);
CREATE INDEX subscription_unconfirmed ON subscription (made_at) WHERE confirmed_at IS NULL;

-- What a webhook's messages are signed with: the newest, and beside it for a day the one before.
CREATE TABLE webhook_secret (
    subscription uuid NOT NULL REFERENCES subscription ON DELETE CASCADE,
    number       bigint GENERATED ALWAYS AS IDENTITY,
    secret       text NOT NULL,
    valid_until  timestamptz,
    PRIMARY KEY (subscription, number)
);

-- Partnerships that a subscription is not told about up to and including a day.
CREATE TABLE snooze (
    subscription uuid NOT NULL REFERENCES subscription ON DELETE CASCADE,
    partnership  text NOT NULL,
    until        date NOT NULL,
    PRIMARY KEY (subscription, partnership)
);

-- A message to one subscription: of an alert, of several (digest), a confirmation, a sample. Its id is the message's own.
-- `deliverer` is who has it in hand, as long as that worker is there; `number` is the order among those of a partnership.
CREATE TABLE delivery (
    delivery         uuid PRIMARY KEY,
    number           bigint GENERATED ALWAYS AS IDENTITY,
    subscription     uuid NOT NULL REFERENCES subscription ON DELETE CASCADE,
    home             text NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('alert', 'digest', 'confirmation', 'sample')),
    partnership      text NOT NULL,
    alert            uuid,
    receiver         text NOT NULL,
    state            text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed', 'dropped')),
    why              text,
    made_at          timestamptz NOT NULL,
    due_at           timestamptz NOT NULL,
    attempts         integer NOT NULL DEFAULT 0,
    first_attempt_at timestamptz,
    settled_at       timestamptz,
    deliverer        uuid
);
CREATE INDEX delivery_in_order ON delivery (subscription, partnership, number) WHERE state = 'pending';
CREATE INDEX delivery_due ON delivery (receiver, due_at, number) WHERE state = 'pending';
CREATE INDEX delivery_in_trouble ON delivery (receiver) WHERE state = 'pending' AND attempts > 0 AND deliverer IS NULL;
CREATE INDEX delivery_in_hand ON delivery (receiver) WHERE deliverer IS NOT NULL;
CREATE INDEX delivery_of_alert ON delivery (alert) WHERE alert IS NOT NULL;
CREATE INDEX delivery_of_subscription ON delivery (subscription, number DESC);
CREATE INDEX delivery_failed ON delivery (home, number DESC) WHERE state = 'failed';

-- The alerts that a digest gathers.
CREATE TABLE digest_alert (
    delivery uuid NOT NULL REFERENCES delivery ON DELETE CASCADE,
    alert    uuid NOT NULL,
    PRIMARY KEY (delivery, alert)
);
CREATE INDEX digest_of_alert ON digest_alert (alert);

-- Every attempt to deliver. One without an outcome is under way, or its deliverer was killed: nobody knows whether it arrived.
CREATE TABLE attempt (
    delivery  uuid NOT NULL REFERENCES delivery ON DELETE CASCADE,
    number    integer NOT NULL,
    began_at  timestamptz NOT NULL,
    took_ms   integer,
    status    smallint,
    outcome   text,
    excerpt   text,
    PRIMARY KEY (delivery, number)
);

-- Who has seen to an alert, for all of the home to know.
CREATE TABLE acknowledgement (
    home    text NOT NULL,
    alert   uuid NOT NULL,
    account text NOT NULL,
    note    text,
    at      timestamptz NOT NULL,
    PRIMARY KEY (home, alert)
);
