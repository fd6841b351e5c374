-- Every change of a rating, as it was when it happened: the event that caused it, and how the partnership stood right before
-- and right after it; null where it was not in force. All is read anew from the ledger, to fill this.
CREATE TABLE rating_change (
    home        text NOT NULL,
    partnership text NOT NULL,
    position    bigint NOT NULL,
    event_id    uuid NOT NULL,
    event_type  text NOT NULL,
    recorded_at timestamptz NOT NULL,
    changed_on  date NOT NULL,
    grade       json,
    before      json,
    after       json,
    PRIMARY KEY (home, partnership, position)
);
TRUNCATE partnership, activity, staged_activity, parked, ruling, rating, calendar, checkpoint;
-- The rating with the newest activity of each lit cell only: a list of many partnerships is read from this.
ALTER TABLE rating ADD COLUMN summary json NOT NULL;
