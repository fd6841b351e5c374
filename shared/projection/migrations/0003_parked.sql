-- Events that could not be projected, and those of the same partnership that came after them and wait their turn.
CREATE TABLE parked (
    position    bigint PRIMARY KEY,
    home        text NOT NULL,
    partnership text NOT NULL,
    error       text
);
CREATE INDEX parked_by_partnership ON parked (home, partnership, position);
