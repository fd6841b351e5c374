-- The homes that were opened: the time zone for ever, what each says of itself now.
CREATE TABLE home (
    home text PRIMARY KEY,
    time_zone text NOT NULL,
    facts jsonb NOT NULL
);
