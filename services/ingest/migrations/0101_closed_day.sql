-- The last day of each home's calendar that was closed.
CREATE TABLE closed_day (
    home text PRIMARY KEY,
    day  date NOT NULL
);
