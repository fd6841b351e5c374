-- What subscribers are told. The same rows follow from the same events, so a rebuild makes the same.
CREATE TABLE alert (
    home text NOT NULL,
    alert uuid NOT NULL,
    partnership text NOT NULL,
    kind text NOT NULL,
    rule text NOT NULL,
    by_law boolean NOT NULL,
    crossed smallint[] NOT NULL,
    due date NOT NULL,
    raised_on date NOT NULL,
    position bigint NOT NULL,
    raised_at timestamptz NOT NULL,
    about uuid,
    document json NOT NULL,
    PRIMARY KEY (home, alert)
);

CREATE INDEX alert_in_order ON alert (home, position, alert);

CREATE INDEX alert_of_partnership ON alert (home, partnership, position DESC);

-- What was announced of each partnership so far, so that a difference is announced once.
CREATE TABLE watch (
    home text NOT NULL,
    partnership text NOT NULL,
    document json NOT NULL,
    PRIMARY KEY (home, partnership)
);

-- Alerts that were raised and not yet handed to those who subscribe to them. The ledger does not hold what was handed on.
CREATE TABLE outbox (
    home text NOT NULL,
    alert uuid NOT NULL,
    partnership text NOT NULL,
    position bigint NOT NULL,
    raised_at timestamptz NOT NULL,
    PRIMARY KEY (home, alert)
);

CREATE INDEX outbox_in_order ON outbox (position);

-- Whether a day was closed in time, right after it was over: what is caught up with after an outage raises nothing. All is
-- read anew from the ledger, so that the alerts are those that follow from it.
ALTER TABLE calendar ADD COLUMN live boolean NOT NULL DEFAULT true;
ALTER TABLE calendar ALTER COLUMN live DROP DEFAULT;
TRUNCATE partnership, activity, staged_activity, parked, ruling, rating, rating_change, calendar, checkpoint;
