-- A home's today at every position, for several workers write and read it, each as far as it has come. All is read anew
-- from the ledger: what was kept says nothing of the positions.
DROP TABLE calendar;
CREATE TABLE calendar (
    home     text NOT NULL,
    position bigint NOT NULL,
    today    date NOT NULL,
    PRIMARY KEY (home, position)
);
TRUNCATE partnership, activity, staged_activity, parked, ruling, rating, checkpoint;
