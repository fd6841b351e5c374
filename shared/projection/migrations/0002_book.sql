-- The book: partnerships and activities as they stand now. Ingest decides by it, scoring rates by it; each has its own.
CREATE TABLE partnership (
    home        text NOT NULL,
    partnership text NOT NULL,
    facts       jsonb NOT NULL,
    ended_on    date,
    PRIMARY KEY (home, partnership)
);
CREATE TABLE activity (
    home         text NOT NULL,
    activity     uuid NOT NULL,
    partnership  text NOT NULL,
    batch        text,
    facts        jsonb NOT NULL,
    stated_on    date NOT NULL,
    withdrawn_by uuid,
    PRIMARY KEY (home, activity)
);
CREATE INDEX activity_of_partnership ON activity (home, partnership);
CREATE INDEX activity_of_batch ON activity (home, batch) WHERE batch IS NOT NULL;
