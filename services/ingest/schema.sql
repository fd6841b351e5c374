-- The tables as the migrations leave them, for reading; written by `python -m tests.support.schema`.

CREATE SCHEMA ingest;

CREATE TABLE ingest.activity (
    home text NOT NULL,
    activity uuid NOT NULL,
    partnership text NOT NULL,
    batch text,
    facts jsonb NOT NULL,
    stated_on date NOT NULL,
    withdrawn_by uuid,
    amended_by uuid
);

CREATE TABLE ingest.adoption (
    home text NOT NULL,
    event_id uuid NOT NULL,
    id text NOT NULL,
    version integer NOT NULL,
    valid_from date NOT NULL,
    replaces uuid
);

CREATE TABLE ingest.checkpoint (
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

CREATE TABLE ingest.closed_day (
    home text NOT NULL,
    day date NOT NULL
);

CREATE TABLE ingest.home (
    home text NOT NULL,
    "position" bigint NOT NULL,
    time_zone text NOT NULL,
    facts jsonb NOT NULL
);

CREATE TABLE ingest.import (
    import_id uuid NOT NULL,
    home text NOT NULL,
    author text NOT NULL,
    batch text NOT NULL,
    named text NOT NULL,
    format text NOT NULL,
    file_hash text NOT NULL,
    file bytea,
    mapping json NOT NULL,
    day_first boolean,
    dry_run boolean NOT NULL,
    keep_likely boolean NOT NULL,
    state text NOT NULL,
    posted_at timestamp with time zone NOT NULL,
    rows integer DEFAULT 0 NOT NULL,
    done integer DEFAULT 0 NOT NULL,
    counts json DEFAULT '{}'::json NOT NULL,
    hash text,
    "position" bigint,
    role text,
    preview json
);

CREATE TABLE ingest.import_finding (
    import_id uuid NOT NULL,
    number integer NOT NULL,
    finding json NOT NULL
);

CREATE TABLE ingest.import_mapping (
    home text NOT NULL,
    name text NOT NULL,
    mapping json NOT NULL
);

CREATE TABLE ingest.import_row (
    import_id uuid NOT NULL,
    "row" integer NOT NULL,
    event_id uuid NOT NULL,
    partnership text NOT NULL,
    payload bytea NOT NULL
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
    error text,
    partition smallint NOT NULL
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

CREATE TABLE ingest.worker (
    projection text NOT NULL,
    worker uuid NOT NULL,
    session_pid integer NOT NULL,
    session_began timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY ingest.activity
    ADD CONSTRAINT activity_pkey PRIMARY KEY (home, activity);

ALTER TABLE ONLY ingest.adoption
    ADD CONSTRAINT adoption_pkey PRIMARY KEY (home, event_id);

ALTER TABLE ONLY ingest.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (projection, first_partition);

ALTER TABLE ONLY ingest.closed_day
    ADD CONSTRAINT closed_day_pkey PRIMARY KEY (home);

ALTER TABLE ONLY ingest.home
    ADD CONSTRAINT home_pkey PRIMARY KEY (home, "position");

ALTER TABLE ONLY ingest.import_finding
    ADD CONSTRAINT import_finding_pkey PRIMARY KEY (import_id, number);

ALTER TABLE ONLY ingest.import_mapping
    ADD CONSTRAINT import_mapping_pkey PRIMARY KEY (home, name);

ALTER TABLE ONLY ingest.import
    ADD CONSTRAINT import_pkey PRIMARY KEY (import_id);

ALTER TABLE ONLY ingest.import_row
    ADD CONSTRAINT import_row_pkey PRIMARY KEY (import_id, "row");

ALTER TABLE ONLY ingest.judgement
    ADD CONSTRAINT judgement_pkey PRIMARY KEY (home, judgement);

ALTER TABLE ONLY ingest.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY ingest.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY ("position", partition, partnership);

ALTER TABLE ONLY ingest.partnership
    ADD CONSTRAINT partnership_pkey PRIMARY KEY (home, partnership);

ALTER TABLE ONLY ingest.rubric
    ADD CONSTRAINT rubric_pkey PRIMARY KEY (home, id, version);

ALTER TABLE ONLY ingest.staged_activity
    ADD CONSTRAINT staged_activity_pkey PRIMARY KEY (home, import_id, activity);

ALTER TABLE ONLY ingest.worker
    ADD CONSTRAINT worker_pkey PRIMARY KEY (projection, worker);

CREATE INDEX activity_of_batch ON ingest.activity USING btree (home, batch) WHERE (batch IS NOT NULL);

CREATE INDEX activity_of_partnership ON ingest.activity USING btree (home, partnership);

CREATE INDEX activity_withdrawn ON ingest.activity USING btree (home, withdrawn_by) WHERE (withdrawn_by IS NOT NULL);

CREATE UNIQUE INDEX import_of_batch ON ingest.import USING btree (home, batch) WHERE (state <> ALL (ARRAY['refused'::text, 'cancelled'::text]));

CREATE UNIQUE INDEX import_of_file ON ingest.import USING btree (home, file_hash, named) WHERE (state <> ALL (ARRAY['refused'::text, 'cancelled'::text]));

CREATE INDEX import_to_work_on ON ingest.import USING btree (posted_at) WHERE (state = ANY (ARRAY['checking'::text, 'loading'::text, 'completing'::text]));

CREATE INDEX parked_by_partnership ON ingest.parked USING btree (home, partnership, "position");
