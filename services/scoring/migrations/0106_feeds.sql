-- When the event was recorded that brought a partnership to where it stands, and until when its memoranda hold: a calendar
-- says both. All is read anew from the ledger, to fill this.
TRUNCATE partnership, activity, staged_activity, parked, ruling, rating, rating_change, calendar, checkpoint, alert, watch, outbox;
ALTER TABLE rating ADD COLUMN recorded_at timestamptz NOT NULL;

CREATE TABLE memorandum (
    home text NOT NULL,
    position bigint NOT NULL,
    event_id uuid NOT NULL,
    partnership text NOT NULL,
    recorded_at timestamptz NOT NULL,
    valid_until date,
    PRIMARY KEY (home, position)
);

CREATE INDEX memorandum_of_partnership ON memorandum (home, partnership, position DESC);

-- Up to which alert NATS has them: of all (both names empty), and of what was held up by an event that could not be read
-- then, a partnership or a whole home. The ledger does not hold what was published.
CREATE TABLE published (
    home text NOT NULL,
    partnership text NOT NULL,
    position bigint NOT NULL,
    alert uuid NOT NULL,
    PRIMARY KEY (home, partnership)
);

-- The newest alert of a home, and the one after any other, of some kinds, in order.
CREATE INDEX alert_by_position ON alert (position, alert);
