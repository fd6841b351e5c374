-- The tables as the migrations leave them, for reading; written by `python -m tests.support.schema`.

CREATE SCHEMA ingest;

CREATE TABLE ingest.activity (
    home text NOT NULL,
    activity uuid NOT NULL,
    partnership text NOT NULL,
    batch text,
    facts jsonb NOT NULL,
    stated_on date NOT NULL,
    withdrawn_by uuid
);

CREATE TABLE ingest.checkpoint (
    projection text NOT NULL,
    "position" bigint NOT NULL,
    hash text NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);

CREATE TABLE ingest.closed_day (
    home text NOT NULL,
    day date NOT NULL
);

CREATE TABLE ingest.judgement (
    home text NOT NULL,
    judgement uuid NOT NULL,
    partnership text NOT NULL,
    lifted_by uuid
);

CREATE TABLE ingest.migration (
    number integer NOT NULL,
    name text NOT NULL,
    hash text NOT NULL
);

CREATE TABLE ingest.parked (
    "position" bigint NOT NULL,
    home text NOT NULL,
    partnership text NOT NULL,
    error text
);

CREATE TABLE ingest.partnership (
    home text NOT NULL,
    partnership text NOT NULL,
    facts jsonb NOT NULL,
    ended_on date
);

CREATE TABLE ingest.rubric (
    home text NOT NULL,
    id text NOT NULL,
    version integer NOT NULL,
    rubric json NOT NULL
);

CREATE TABLE ingest.staged_activity (
    home text NOT NULL,
    import_id uuid NOT NULL,
    activity uuid NOT NULL,
    partnership text NOT NULL,
    batch text,
    facts jsonb NOT NULL
);

ALTER TABLE ONLY ingest.activity
    ADD CONSTRAINT activity_pkey PRIMARY KEY (home, activity);

ALTER TABLE ONLY ingest.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (projection);

ALTER TABLE ONLY ingest.closed_day
    ADD CONSTRAINT closed_day_pkey PRIMARY KEY (home);

ALTER TABLE ONLY ingest.judgement
    ADD CONSTRAINT judgement_pkey PRIMARY KEY (home, judgement);

ALTER TABLE ONLY ingest.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY ingest.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY ingest.partnership
    ADD CONSTRAINT partnership_pkey PRIMARY KEY (home, partnership);

ALTER TABLE ONLY ingest.rubric
    ADD CONSTRAINT rubric_pkey PRIMARY KEY (home, id, version);

ALTER TABLE ONLY ingest.staged_activity
    ADD CONSTRAINT staged_activity_pkey PRIMARY KEY (home, import_id, activity);

CREATE INDEX activity_of_batch ON ingest.activity USING btree (home, batch) WHERE (batch IS NOT NULL);

CREATE INDEX activity_of_partnership ON ingest.activity USING btree (home, partnership);

CREATE INDEX parked_by_partnership ON ingest.parked USING btree (home, partnership, "position");
