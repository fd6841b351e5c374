-- The tables as the migrations leave them, for reading; written by `python -m tests.support.schema`.

CREATE SCHEMA scoring;

CREATE TABLE scoring.acknowledgement (
    home text NOT NULL,
    alert uuid NOT NULL,
    account text NOT NULL,
    note text,
    at timestamp with time zone NOT NULL
);

CREATE TABLE scoring.activity (
    home text NOT NULL,
    activity uuid NOT NULL,
    partnership text NOT NULL,
    batch text,
    facts jsonb NOT NULL,
    stated_on date NOT NULL,
    withdrawn_by uuid,
    amended_by uuid
);

CREATE TABLE scoring.alert (
    home text NOT NULL,
    alert uuid NOT NULL,
    partnership text NOT NULL,
    kind text NOT NULL,
    rule text NOT NULL,
    by_law boolean NOT NULL,
    crossed smallint[] NOT NULL,
    due date NOT NULL,
    raised_on date NOT NULL,
    "position" bigint NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    about uuid,
    document json NOT NULL
);

CREATE TABLE scoring.attempt (
    delivery uuid NOT NULL,
    number integer NOT NULL,
    began_at timestamp with time zone NOT NULL,
    took_ms integer,
    status smallint,
    outcome text,
    excerpt text
);

CREATE TABLE scoring.calendar (
    home text NOT NULL,
    "position" bigint NOT NULL,
    today date NOT NULL,
    live boolean NOT NULL
);

CREATE TABLE scoring.checkpoint (
    projection text NOT NULL,
    "position" bigint NOT NULL,
    hash text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    first_partition smallint NOT NULL,
    last_partition smallint NOT NULL,
    worker uuid,
    fence bigint DEFAULT 0 NOT NULL,
    CONSTRAINT checkpoint_check CHECK (((0 <= first_partition) AND (first_partition <= last_partition) AND (last_partition <= 63)))
);

CREATE TABLE scoring.delivery (
    delivery uuid NOT NULL,
    number bigint NOT NULL,
    subscription uuid NOT NULL,
    home text NOT NULL,
    kind text NOT NULL,
    partnership text NOT NULL,
    alert uuid,
    receiver text NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    why text,
    made_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    first_attempt_at timestamp with time zone,
    settled_at timestamp with time zone,
    deliverer uuid,
    traceparent text,
    CONSTRAINT delivery_kind_check CHECK ((kind = ANY (ARRAY['alert'::text, 'digest'::text, 'confirmation'::text, 'sample'::text]))),
    CONSTRAINT delivery_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text, 'dropped'::text])))
);

ALTER TABLE scoring.delivery ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME scoring.delivery_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE scoring.digest_alert (
    delivery uuid NOT NULL,
    alert uuid NOT NULL
);

CREATE TABLE scoring.home (
    home text NOT NULL,
    "position" bigint NOT NULL,
    time_zone text NOT NULL,
    facts jsonb NOT NULL
);

CREATE TABLE scoring.memorandum (
    home text NOT NULL,
    "position" bigint NOT NULL,
    event_id uuid NOT NULL,
    partnership text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    valid_until date
);

CREATE TABLE scoring.migration (
    number integer NOT NULL,
    name text NOT NULL,
    hash text NOT NULL
);

CREATE TABLE scoring.outbox (
    home text NOT NULL,
    alert uuid NOT NULL,
    partnership text NOT NULL,
    "position" bigint NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    traceparent text
);

CREATE TABLE scoring.parked (
    "position" bigint NOT NULL,
    home text NOT NULL,
    partnership text NOT NULL,
    error text,
    partition smallint NOT NULL
);

CREATE TABLE scoring.partnership (
    home text NOT NULL,
    partnership text NOT NULL,
    facts jsonb NOT NULL,
    ended_on date
);

CREATE TABLE scoring.published (
    home text NOT NULL,
    partnership text NOT NULL,
    "position" bigint NOT NULL,
    alert uuid NOT NULL
);

CREATE TABLE scoring.rating (
    home text NOT NULL,
    partnership text NOT NULL,
    rated_on date NOT NULL,
    "position" bigint NOT NULL,
    document json NOT NULL,
    summary json NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);

CREATE TABLE scoring.rating_change (
    home text NOT NULL,
    partnership text NOT NULL,
    "position" bigint NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    changed_on date NOT NULL,
    grade json,
    before json,
    after json
);

CREATE TABLE scoring.ruling (
    home text NOT NULL,
    "position" bigint NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    partnership text,
    author text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_on date NOT NULL,
    data jsonb NOT NULL
);

CREATE TABLE scoring.snooze (
    subscription uuid NOT NULL,
    partnership text NOT NULL,
    until date NOT NULL
);

CREATE TABLE scoring.staged_activity (
    home text NOT NULL,
    import_id uuid NOT NULL,
    activity uuid NOT NULL,
    partnership text NOT NULL,
    batch text,
    facts jsonb NOT NULL
);

CREATE TABLE scoring.subscription (
    subscription uuid NOT NULL,
    home text NOT NULL,
    account text,
    role text,
    scope text NOT NULL,
    value text NOT NULL,
    kinds text[] NOT NULL,
    silence_months smallint,
    lead_days smallint[] NOT NULL,
    language text NOT NULL,
    channel text NOT NULL,
    address text,
    receiver text NOT NULL,
    quiet_from time without time zone,
    quiet_to time without time zone,
    digest text NOT NULL,
    key text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    paused_at timestamp with time zone,
    ended_at timestamp with time zone,
    ended_because text,
    CONSTRAINT subscription_channel_check CHECK ((channel = ANY (ARRAY['webhook'::text, 'email'::text]))),
    CONSTRAINT subscription_check CHECK (((account IS NULL) = (role IS NULL))),
    CONSTRAINT subscription_check1 CHECK (((address IS NULL) = (ended_at IS NOT NULL))),
    CONSTRAINT subscription_digest_check CHECK ((digest = ANY (ARRAY['none'::text, 'daily'::text, 'weekly'::text]))),
    CONSTRAINT subscription_scope_check CHECK ((scope = ANY (ARRAY['all'::text, 'partnership'::text, 'country'::text, 'issue'::text, 'rating'::text])))
);

CREATE TABLE scoring.watch (
    home text NOT NULL,
    partnership text NOT NULL,
    document json NOT NULL
);

CREATE TABLE scoring.webhook_secret (
    subscription uuid NOT NULL,
    number bigint NOT NULL,
    secret text NOT NULL,
    valid_until timestamp with time zone
);

ALTER TABLE scoring.webhook_secret ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME scoring.webhook_secret_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE scoring.worker (
    projection text NOT NULL,
    worker uuid NOT NULL,
    session_pid integer NOT NULL,
    session_began timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY scoring.acknowledgement
    ADD CONSTRAINT acknowledgement_pkey PRIMARY KEY (home, alert);

ALTER TABLE ONLY scoring.activity
    ADD CONSTRAINT activity_pkey PRIMARY KEY (home, activity);

ALTER TABLE ONLY scoring.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (home, alert);

ALTER TABLE ONLY scoring.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (delivery, number);

ALTER TABLE ONLY scoring.calendar
    ADD CONSTRAINT calendar_pkey PRIMARY KEY (home, "position");

ALTER TABLE ONLY scoring.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (projection, first_partition);

ALTER TABLE ONLY scoring.delivery
    ADD CONSTRAINT delivery_pkey PRIMARY KEY (delivery);

ALTER TABLE ONLY scoring.digest_alert
    ADD CONSTRAINT digest_alert_pkey PRIMARY KEY (delivery, alert);

ALTER TABLE ONLY scoring.home
    ADD CONSTRAINT home_pkey PRIMARY KEY (home, "position");

ALTER TABLE ONLY scoring.memorandum
    ADD CONSTRAINT memorandum_pkey PRIMARY KEY (home, "position");

ALTER TABLE ONLY scoring.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY scoring.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (home, alert);

ALTER TABLE ONLY scoring.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY ("position", partition, partnership);

ALTER TABLE ONLY scoring.partnership
    ADD CONSTRAINT partnership_pkey PRIMARY KEY (home, partnership);

ALTER TABLE ONLY scoring.published
    ADD CONSTRAINT published_pkey PRIMARY KEY (home, partnership);

ALTER TABLE ONLY scoring.rating_change
    ADD CONSTRAINT rating_change_pkey PRIMARY KEY (home, partnership, "position");

ALTER TABLE ONLY scoring.rating
    ADD CONSTRAINT rating_pkey PRIMARY KEY (home, partnership);

ALTER TABLE ONLY scoring.ruling
    ADD CONSTRAINT ruling_pkey PRIMARY KEY (home, "position");

ALTER TABLE ONLY scoring.snooze
    ADD CONSTRAINT snooze_pkey PRIMARY KEY (subscription, partnership);

ALTER TABLE ONLY scoring.staged_activity
    ADD CONSTRAINT staged_activity_pkey PRIMARY KEY (home, import_id, activity);

ALTER TABLE ONLY scoring.subscription
    ADD CONSTRAINT subscription_key_key UNIQUE (key);

ALTER TABLE ONLY scoring.subscription
    ADD CONSTRAINT subscription_pkey PRIMARY KEY (subscription);

ALTER TABLE ONLY scoring.watch
    ADD CONSTRAINT watch_pkey PRIMARY KEY (home, partnership);

ALTER TABLE ONLY scoring.webhook_secret
    ADD CONSTRAINT webhook_secret_pkey PRIMARY KEY (subscription, number);

ALTER TABLE ONLY scoring.worker
    ADD CONSTRAINT worker_pkey PRIMARY KEY (projection, worker);

CREATE INDEX activity_of_batch ON scoring.activity USING btree (home, batch) WHERE (batch IS NOT NULL);

CREATE INDEX activity_of_partnership ON scoring.activity USING btree (home, partnership);

CREATE INDEX activity_withdrawn ON scoring.activity USING btree (home, withdrawn_by) WHERE (withdrawn_by IS NOT NULL);

CREATE INDEX alert_by_position ON scoring.alert USING btree ("position", alert);

CREATE INDEX alert_in_order ON scoring.alert USING btree (home, "position", alert);

CREATE INDEX alert_of_partnership ON scoring.alert USING btree (home, partnership, "position" DESC);

CREATE INDEX delivery_due ON scoring.delivery USING btree (receiver, due_at, number) WHERE (state = 'pending'::text);

CREATE INDEX delivery_failed ON scoring.delivery USING btree (home, number DESC) WHERE (state = 'failed'::text);

CREATE INDEX delivery_in_hand ON scoring.delivery USING btree (receiver) WHERE (deliverer IS NOT NULL);

CREATE INDEX delivery_in_order ON scoring.delivery USING btree (subscription, partnership, number) WHERE (state = 'pending'::text);

CREATE INDEX delivery_in_trouble ON scoring.delivery USING btree (receiver) WHERE ((state = 'pending'::text) AND (attempts > 0) AND (deliverer IS NULL));

CREATE INDEX delivery_of_alert ON scoring.delivery USING btree (alert) WHERE (alert IS NOT NULL);

CREATE INDEX delivery_of_subscription ON scoring.delivery USING btree (subscription, number DESC);

CREATE INDEX delivery_settled ON scoring.delivery USING btree (settled_at) WHERE (settled_at IS NOT NULL);

CREATE INDEX digest_of_alert ON scoring.digest_alert USING btree (alert);

CREATE INDEX memorandum_of_partnership ON scoring.memorandum USING btree (home, partnership, "position" DESC);

CREATE INDEX outbox_in_order ON scoring.outbox USING btree ("position");

CREATE INDEX parked_by_partnership ON scoring.parked USING btree (home, partnership, "position");

CREATE INDEX subscription_of_home ON scoring.subscription USING btree (home, account, made_at, subscription);

CREATE INDEX subscription_to_match ON scoring.subscription USING btree (home, scope, value) WHERE ((confirmed_at IS NOT NULL) AND (paused_at IS NULL) AND (ended_at IS NULL));

CREATE INDEX subscription_unconfirmed ON scoring.subscription USING btree (made_at) WHERE (confirmed_at IS NULL);

ALTER TABLE ONLY scoring.attempt
    ADD CONSTRAINT attempt_delivery_fkey FOREIGN KEY (delivery) REFERENCES scoring.delivery(delivery) ON DELETE CASCADE;

ALTER TABLE ONLY scoring.delivery
    ADD CONSTRAINT delivery_subscription_fkey FOREIGN KEY (subscription) REFERENCES scoring.subscription(subscription) ON DELETE CASCADE;

ALTER TABLE ONLY scoring.digest_alert
    ADD CONSTRAINT digest_alert_delivery_fkey FOREIGN KEY (delivery) REFERENCES scoring.delivery(delivery) ON DELETE CASCADE;

ALTER TABLE ONLY scoring.snooze
    ADD CONSTRAINT snooze_subscription_fkey FOREIGN KEY (subscription) REFERENCES scoring.subscription(subscription) ON DELETE CASCADE;

ALTER TABLE ONLY scoring.webhook_secret
    ADD CONSTRAINT webhook_secret_subscription_fkey FOREIGN KEY (subscription) REFERENCES scoring.subscription(subscription) ON DELETE CASCADE;
