-- The tables as the migrations leave them, for reading; written by `python -m tests.support.schema`.

CREATE SCHEMA scoring;

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

CREATE TABLE scoring.home (
    home text NOT NULL,
    "position" bigint NOT NULL,
    time_zone text NOT NULL,
    facts jsonb NOT NULL
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
    raised_at timestamp with time zone NOT NULL
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

CREATE TABLE scoring.rating (
    home text NOT NULL,
    partnership text NOT NULL,
    rated_on date NOT NULL,
    "position" bigint NOT NULL,
    document json NOT NULL,
    summary json NOT NULL
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

CREATE TABLE scoring.staged_activity (
    home text NOT NULL,
    import_id uuid NOT NULL,
    activity uuid NOT NULL,
    partnership text NOT NULL,
    batch text,
    facts jsonb NOT NULL
);

CREATE TABLE scoring.watch (
    home text NOT NULL,
    partnership text NOT NULL,
    document json NOT NULL
);

CREATE TABLE scoring.worker (
    projection text NOT NULL,
    worker uuid NOT NULL,
    session_pid integer NOT NULL,
    session_began timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY scoring.activity
    ADD CONSTRAINT activity_pkey PRIMARY KEY (home, activity);

ALTER TABLE ONLY scoring.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (home, alert);

ALTER TABLE ONLY scoring.calendar
    ADD CONSTRAINT calendar_pkey PRIMARY KEY (home, "position");

ALTER TABLE ONLY scoring.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (projection, first_partition);

ALTER TABLE ONLY scoring.home
    ADD CONSTRAINT home_pkey PRIMARY KEY (home, "position");

ALTER TABLE ONLY scoring.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY scoring.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (home, alert);

ALTER TABLE ONLY scoring.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY ("position", partition, partnership);

ALTER TABLE ONLY scoring.partnership
    ADD CONSTRAINT partnership_pkey PRIMARY KEY (home, partnership);

ALTER TABLE ONLY scoring.rating_change
    ADD CONSTRAINT rating_change_pkey PRIMARY KEY (home, partnership, "position");

ALTER TABLE ONLY scoring.rating
    ADD CONSTRAINT rating_pkey PRIMARY KEY (home, partnership);

ALTER TABLE ONLY scoring.ruling
    ADD CONSTRAINT ruling_pkey PRIMARY KEY (home, "position");

ALTER TABLE ONLY scoring.staged_activity
    ADD CONSTRAINT staged_activity_pkey PRIMARY KEY (home, import_id, activity);

ALTER TABLE ONLY scoring.watch
    ADD CONSTRAINT watch_pkey PRIMARY KEY (home, partnership);

ALTER TABLE ONLY scoring.worker
    ADD CONSTRAINT worker_pkey PRIMARY KEY (projection, worker);

CREATE INDEX activity_of_batch ON scoring.activity USING btree (home, batch) WHERE (batch IS NOT NULL);

CREATE INDEX activity_of_partnership ON scoring.activity USING btree (home, partnership);

CREATE INDEX activity_withdrawn ON scoring.activity USING btree (home, withdrawn_by) WHERE (withdrawn_by IS NOT NULL);

CREATE INDEX alert_in_order ON scoring.alert USING btree (home, "position", alert);

CREATE INDEX alert_of_partnership ON scoring.alert USING btree (home, partnership, "position" DESC);

CREATE INDEX outbox_in_order ON scoring.outbox USING btree ("position");

CREATE INDEX parked_by_partnership ON scoring.parked USING btree (home, partnership, "position");
