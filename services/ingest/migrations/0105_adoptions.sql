-- From which day each adopted rubric holds, and the adoption in whose place it stands. All is read anew from the ledger, to
-- fill this.
CREATE TABLE adoption (
    home       text NOT NULL,
    event_id   uuid NOT NULL,
    id         text NOT NULL,
    version    integer NOT NULL,
    valid_from date NOT NULL,
    replaces   uuid,
    PRIMARY KEY (home, event_id)
);
TRUNCATE partnership, activity, staged_activity, parked, closed_day, judgement, rubric, checkpoint;
