-- Every event, as stored. `payload` is the bytes of the ledger.
CREATE TABLE event (
    position    bigint PRIMARY KEY,
    home        text NOT NULL,
    event_id    uuid NOT NULL,
    type        text NOT NULL,
    partnership text,
    author      text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_on date NOT NULL,
    payload     bytea NOT NULL,
    UNIQUE (home, event_id)
);
CREATE INDEX event_by_moment ON event (recorded_at, position);
CREATE INDEX event_by_type ON event (home, type, position);

-- What the ledger said of an activity, from which position until which. A correction or retraction begins a new version.
CREATE TABLE activity_version (
    home           text NOT NULL,
    activity       uuid NOT NULL,
    from_position  bigint NOT NULL,
    until_position bigint,
    partnership    text NOT NULL,
    batch          text,
    indicator      text NOT NULL,
    direction      text NOT NULL,
    outcome        text NOT NULL,
    mode           text NOT NULL,
    first_day      date NOT NULL,
    last_day       date NOT NULL,
    stated_on      date NOT NULL,
    withdrawn_by   uuid,
    facts          jsonb NOT NULL,
    PRIMARY KEY (home, activity, from_position)
);
CREATE UNIQUE INDEX activity_latest ON activity_version (home, activity) WHERE until_position IS NULL;
CREATE INDEX activity_of_batch ON activity_version (home, batch) WHERE batch IS NOT NULL AND until_position IS NULL;
CREATE INDEX activity_by_partnership ON activity_version (home, partnership, last_day, from_position);

-- The same for a partnership's entry in the registry.
CREATE TABLE partnership_version (
    home           text NOT NULL,
    partnership    text NOT NULL,
    from_position  bigint NOT NULL,
    until_position bigint,
    facts          jsonb NOT NULL,
    ended_on       date,
    PRIMARY KEY (home, partnership, from_position)
);
CREATE UNIQUE INDEX partnership_latest ON partnership_version (home, partnership) WHERE until_position IS NULL;
