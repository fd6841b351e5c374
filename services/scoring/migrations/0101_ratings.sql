-- The day that is today in each home: the one after the last that was closed.
CREATE TABLE calendar (
    home  text PRIMARY KEY,
    today date NOT NULL
);
-- Official judgements and adopted rubrics, as posted.
CREATE TABLE ruling (
    home        text NOT NULL,
    position    bigint NOT NULL,
    event_id    uuid NOT NULL,
    type        text NOT NULL,
    partnership text,
    author      text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_on date NOT NULL,
    data        jsonb NOT NULL,
    PRIMARY KEY (home, position)
);
-- How every partnership stands today, and the event that brought it there.
CREATE TABLE rating (
    home        text NOT NULL,
    partnership text NOT NULL,
    rated_on    date NOT NULL,
    position    bigint NOT NULL,
    document    json NOT NULL,
    PRIMARY KEY (home, partnership)
);
