-- The reports that were issued, as their events say. What somebody posted as a question need not be one that can be asked.
CREATE TABLE issued (
    home        text NOT NULL,
    event_id    uuid NOT NULL,
    position    bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    author      text NOT NULL,
    kind        text NOT NULL,
    partnership text,
    question    jsonb NOT NULL,
    made_at     bigint NOT NULL,
    hash        text NOT NULL,
    content     text,
    versions    jsonb NOT NULL,
    PRIMARY KEY (home, event_id)
);
CREATE INDEX issued_in_order ON issued (home, position DESC);
CREATE INDEX issued_by_hash ON issued (hash);
CREATE INDEX issued_by_content ON issued (content) WHERE content IS NOT NULL;
-- Events from before this table was there; an installation that is brought up to date begins with them.
INSERT INTO issued
SELECT home, event_id, position, recorded_at, author, data->>'kind',
       CASE jsonb_typeof(data->'question'->'partnership') WHEN 'string' THEN data->'question'->>'partnership' END,
       data->'question', (data->>'position')::bigint, data->>'hash', data->>'content', data->'versions'
FROM (SELECT *, convert_from(payload, 'UTF8')::jsonb->'data' AS data FROM event WHERE type = 'report.issued') AS earlier;

-- Reports by the hash of their bytes: those issued for ever, others for some days. The ledger holds their hashes only.
CREATE TABLE report_bytes (
    hash    text PRIMARY KEY,
    bytes   bytea NOT NULL,
    kept_at timestamptz NOT NULL
);
CREATE INDEX report_bytes_by_age ON report_bytes (kept_at);

-- Long work: what is asked, for whom, how far it has come. Who works on it says so again and again until leased_until.
CREATE TABLE job (
    job          uuid PRIMARY KEY,
    home         text NOT NULL,
    owner        text NOT NULL,
    role         text NOT NULL,
    partnerships text[],
    kind         text NOT NULL,
    asked        json NOT NULL,
    state        text NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    step         text NOT NULL DEFAULT 'waiting',
    done         integer NOT NULL DEFAULT 0,
    steps        integer NOT NULL DEFAULT 0,
    posted_at    timestamptz NOT NULL,
    begun_at     timestamptz,
    ended_at     timestamptz,
    attempts     smallint NOT NULL DEFAULT 0,
    worker       uuid,
    leased_until timestamptz,
    result       json,
    problem      json
);
CREATE INDEX job_to_work_on ON job (posted_at) WHERE state IN ('queued', 'running');
CREATE INDEX job_of_owner ON job (home, owner, posted_at);
