-- Which import an event belongs to: until that is completed, the event counts for nothing.
ALTER TABLE event ADD COLUMN import_id uuid;

-- From which position on an import is known.
CREATE TABLE completed_import (
    home        text NOT NULL,
    import_id   uuid NOT NULL,
    position    bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (home, import_id)
);

-- What becomes versions of activities when the import is completed.
CREATE TABLE staged_activity (
    home        text NOT NULL,
    import_id   uuid NOT NULL,
    activity    uuid NOT NULL,
    partnership text NOT NULL,
    batch       text,
    indicator   text NOT NULL,
    direction   text NOT NULL,
    outcome     text NOT NULL,
    mode        text NOT NULL,
    first_day   date NOT NULL,
    last_day    date NOT NULL,
    facts       jsonb NOT NULL,
    PRIMARY KEY (home, import_id, activity)
);
