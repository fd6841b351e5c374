-- How far each projection has come: the last event's position, hash and moment.
CREATE TABLE checkpoint (
    projection  text PRIMARY KEY,
    position    bigint NOT NULL,
    hash        text NOT NULL,
    recorded_at timestamptz NOT NULL
);
