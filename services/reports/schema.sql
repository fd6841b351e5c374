-- The tables as the migrations leave them, for reading; written by `python -m tests.support.schema`.

CREATE SCHEMA reports;

CREATE TABLE reports.activity_version (
    home text NOT NULL,
    activity uuid NOT NULL,
    from_position bigint NOT NULL,
    until_position bigint,
    partnership text NOT NULL,
    batch text,
    indicator text NOT NULL,
    direction text NOT NULL,
    outcome text NOT NULL,
    mode text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    stated_on date NOT NULL,
    withdrawn_by uuid,
    facts jsonb NOT NULL,
    effective date GENERATED ALWAYS AS (LEAST(last_day, stated_on)) STORED NOT NULL,
    earliest date GENERATED ALWAYS AS (LEAST(first_day, stated_on)) STORED NOT NULL,
    kind smallint GENERATED ALWAYS AS ((
CASE indicator
    WHEN 'contact'::text THEN 0
    WHEN 'document'::text THEN 10
    WHEN 'visit'::text THEN 20
    WHEN 'aid'::text THEN 30
    WHEN 'joint_event'::text THEN
    CASE mode
        WHEN 'in_person'::text THEN 50
        ELSE 40
    END
    ELSE NULL::integer
END +
CASE direction
    WHEN 'outbound'::text THEN 0
    WHEN 'inbound'::text THEN 1
    WHEN 'mutual'::text THEN 2
    ELSE NULL::integer
END)) STORED NOT NULL
);

CREATE TABLE reports.checkpoint (
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

CREATE TABLE reports.completed_import (
    home text NOT NULL,
    import_id uuid NOT NULL,
    "position" bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);

CREATE TABLE reports.event (
    "position" bigint NOT NULL,
    home text NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    partnership text,
    author text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_on date NOT NULL,
    payload bytea NOT NULL,
    import_id uuid
);

CREATE TABLE reports.home (
    home text NOT NULL,
    "position" bigint NOT NULL,
    time_zone text NOT NULL,
    facts jsonb NOT NULL
);

CREATE TABLE reports.issued (
    home text NOT NULL,
    event_id uuid NOT NULL,
    "position" bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    author text NOT NULL,
    kind text NOT NULL,
    partnership text,
    question jsonb NOT NULL,
    made_at bigint NOT NULL,
    hash text NOT NULL,
    content text,
    versions jsonb NOT NULL
);

CREATE TABLE reports.job (
    job uuid NOT NULL,
    home text NOT NULL,
    owner text NOT NULL,
    role text NOT NULL,
    partnerships text[],
    kind text NOT NULL,
    asked json NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL,
    step text DEFAULT 'waiting'::text NOT NULL,
    done integer DEFAULT 0 NOT NULL,
    steps integer DEFAULT 0 NOT NULL,
    posted_at timestamp with time zone NOT NULL,
    begun_at timestamp with time zone,
    ended_at timestamp with time zone,
    attempts smallint DEFAULT 0 NOT NULL,
    worker uuid,
    leased_until timestamp with time zone,
    result json,
    problem json,
    CONSTRAINT job_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'failed'::text, 'cancelled'::text])))
);

CREATE TABLE reports.migration (
    number integer NOT NULL,
    name text NOT NULL,
    hash text NOT NULL
);

CREATE TABLE reports.parked (
    "position" bigint NOT NULL,
    home text NOT NULL,
    partnership text NOT NULL,
    error text,
    partition smallint NOT NULL
);

CREATE TABLE reports.partnership_of_import (
    home text NOT NULL,
    partnership text NOT NULL,
    "position" bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);

CREATE TABLE reports.partnership_version (
    home text NOT NULL,
    partnership text NOT NULL,
    from_position bigint NOT NULL,
    until_position bigint,
    facts jsonb NOT NULL,
    ended_on date
);

CREATE TABLE reports.report_bytes (
    hash text NOT NULL,
    bytes bytea NOT NULL,
    kept_at timestamp with time zone NOT NULL
);

CREATE TABLE reports.staged_activity (
    home text NOT NULL,
    import_id uuid NOT NULL,
    activity uuid NOT NULL,
    partnership text NOT NULL,
    batch text,
    indicator text NOT NULL,
    direction text NOT NULL,
    outcome text NOT NULL,
    mode text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    facts jsonb NOT NULL
);

CREATE TABLE reports.worker (
    projection text NOT NULL,
    worker uuid NOT NULL,
    session_pid integer NOT NULL,
    session_began timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY reports.activity_version
    ADD CONSTRAINT activity_version_pkey PRIMARY KEY (home, activity, from_position);

ALTER TABLE ONLY reports.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (projection, first_partition);

ALTER TABLE ONLY reports.completed_import
    ADD CONSTRAINT completed_import_pkey PRIMARY KEY (home, import_id);

ALTER TABLE ONLY reports.event
    ADD CONSTRAINT event_home_event_id_key UNIQUE (home, event_id);

ALTER TABLE ONLY reports.event
    ADD CONSTRAINT event_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY reports.home
    ADD CONSTRAINT home_pkey PRIMARY KEY (home, "position");

ALTER TABLE ONLY reports.issued
    ADD CONSTRAINT issued_pkey PRIMARY KEY (home, event_id);

ALTER TABLE ONLY reports.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (job);

ALTER TABLE ONLY reports.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY reports.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY ("position", partition, partnership);

ALTER TABLE ONLY reports.partnership_of_import
    ADD CONSTRAINT partnership_of_import_pkey PRIMARY KEY (home, partnership, "position");

ALTER TABLE ONLY reports.partnership_version
    ADD CONSTRAINT partnership_version_pkey PRIMARY KEY (home, partnership, from_position);

ALTER TABLE ONLY reports.report_bytes
    ADD CONSTRAINT report_bytes_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY reports.staged_activity
    ADD CONSTRAINT staged_activity_pkey PRIMARY KEY (home, import_id, activity);

ALTER TABLE ONLY reports.worker
    ADD CONSTRAINT worker_pkey PRIMARY KEY (projection, worker);

CREATE INDEX activity_by_partnership ON reports.activity_version USING btree (home, partnership, last_day, from_position);

CREATE INDEX activity_imprecise ON reports.activity_version USING btree (home, effective) INCLUDE (partnership, kind, earliest, from_position, until_position) WHERE ((outcome = 'held'::text) AND (withdrawn_by IS NULL) AND (earliest < effective));

CREATE UNIQUE INDEX activity_latest ON reports.activity_version USING btree (home, activity) WHERE (until_position IS NULL);

CREATE INDEX activity_newest ON reports.activity_version USING btree (home, partnership COLLATE "C", kind, effective DESC, activity DESC) INCLUDE (from_position, until_position, earliest) WHERE ((outcome = 'held'::text) AND (withdrawn_by IS NULL));

CREATE INDEX activity_of_batch ON reports.activity_version USING btree (home, batch) WHERE ((batch IS NOT NULL) AND (until_position IS NULL));

CREATE INDEX activity_withdrawn ON reports.activity_version USING btree (home, withdrawn_by) WHERE ((withdrawn_by IS NOT NULL) AND (until_position IS NULL));

CREATE INDEX activity_words ON reports.activity_version USING gin ((((to_tsvector('indonesian'::regconfig, COALESCE((facts #>> '{title,id}'::text[]), ''::text)) || to_tsvector('english'::regconfig, COALESCE((facts #>> '{title,en}'::text[]), ''::text))) || to_tsvector('simple'::regconfig, COALESCE((facts ->> 'place'::text), ''::text)))));

CREATE INDEX event_about_partnership ON reports.event USING btree (home, partnership, "position" DESC) WHERE ((partnership IS NOT NULL) AND (import_id IS NULL) AND (type ~~ 'activity.%'::text));

CREATE INDEX event_by_moment ON reports.event USING btree (recorded_at, "position");

CREATE INDEX event_by_type ON reports.event USING btree (home, type, "position");

CREATE INDEX issued_by_content ON reports.issued USING btree (content) WHERE (content IS NOT NULL);

CREATE INDEX issued_by_hash ON reports.issued USING btree (hash);

CREATE INDEX issued_in_order ON reports.issued USING btree (home, "position" DESC);

CREATE INDEX job_of_owner ON reports.job USING btree (home, owner, posted_at);

CREATE INDEX job_to_work_on ON reports.job USING btree (posted_at) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX parked_by_partnership ON reports.parked USING btree (home, partnership, "position");

CREATE UNIQUE INDEX partnership_latest ON reports.partnership_version USING btree (home, partnership) WHERE (until_position IS NULL);

CREATE INDEX report_bytes_by_age ON reports.report_bytes USING btree (kept_at);
