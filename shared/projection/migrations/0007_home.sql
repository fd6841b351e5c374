-- The homes that were opened: the time zone for ever, what each says of itself from a position on.
CREATE TABLE home (
    home text NOT NULL,
    position bigint NOT NULL,
    time_zone text NOT NULL,
    facts jsonb NOT NULL,
    PRIMARY KEY (home, position)
);
