-- Imports: each file that was handed in, how far it has come, and what is wrong with it.
CREATE TABLE import (
    import_id    uuid PRIMARY KEY,
    home         text NOT NULL,
    author       text NOT NULL,
    batch        text NOT NULL,
    named        text NOT NULL,
    format       text NOT NULL,
    file_hash    text NOT NULL,
    file         bytea,
    mapping      json NOT NULL,
    day_first    boolean,
    dry_run      boolean NOT NULL,
    keep_likely  boolean NOT NULL,
    state        text NOT NULL,
    posted_at    timestamptz NOT NULL,
    rows         integer NOT NULL DEFAULT 0,
    done         integer NOT NULL DEFAULT 0,
    counts       json NOT NULL DEFAULT '{}',
    hash         text,
    position     bigint
);
CREATE INDEX import_to_work_on ON import (posted_at) WHERE state IN ('checking', 'loading', 'completing');
-- The same file under the same name is one import, however often it is sent; a batch is the name of one import.
CREATE UNIQUE INDEX import_of_file ON import (home, file_hash, named) WHERE state NOT IN ('refused', 'cancelled');
CREATE UNIQUE INDEX import_of_batch ON import (home, batch) WHERE state NOT IN ('refused', 'cancelled');

-- The rows of an import that can be stored, each as the event that it becomes; gone once it is completed.
CREATE TABLE import_row (
    import_id   uuid NOT NULL,
    row         integer NOT NULL,
    event_id    uuid NOT NULL,
    partnership text NOT NULL,
    payload     bytea NOT NULL,
    PRIMARY KEY (import_id, row)
);

-- What was found in an import's rows, in order.
CREATE TABLE import_finding (
    import_id uuid NOT NULL,
    number    integer NOT NULL,
    finding   json NOT NULL,
    PRIMARY KEY (import_id, number)
);

-- What a home has said about the columns of its own tables.
CREATE TABLE import_mapping (
    home    text NOT NULL,
    name    text NOT NULL,
    mapping json NOT NULL,
    PRIMARY KEY (home, name)
);
