-- The day on which an activity takes effect, and the earliest it may have. By the first the newest of each kind is found, for
-- which no other row is read. `kind` is what tells which cells an activity lights, as a number: indicator, direction, and of a
-- joint event, whether it was held in person.
ALTER TABLE activity_version
    ADD COLUMN effective date NOT NULL GENERATED ALWAYS AS (least(last_day, stated_on)) STORED,
    ADD COLUMN earliest date NOT NULL GENERATED ALWAYS AS (least(first_day, stated_on)) STORED,
    ADD COLUMN kind smallint NOT NULL GENERATED ALWAYS AS (
        CASE indicator WHEN 'contact' THEN 0 WHEN 'document' THEN 10 WHEN 'visit' THEN 20 WHEN 'aid' THEN 30
            WHEN 'joint_event' THEN CASE mode WHEN 'in_person' THEN 50 ELSE 40 END END
        + CASE direction WHEN 'outbound' THEN 0 WHEN 'inbound' THEN 1 WHEN 'mutual' THEN 2 END) STORED;
CREATE INDEX activity_newest ON activity_version
    (home, partnership COLLATE "C", kind, effective DESC, activity DESC)
    INCLUDE (from_position, until_position, earliest) WHERE outcome = 'held' AND withdrawn_by IS NULL;
-- Those whose date can mean days before and after the one asked about.
CREATE INDEX activity_imprecise ON activity_version (home, effective)
    INCLUDE (partnership, kind, earliest, from_position, until_position)
    WHERE outcome = 'held' AND withdrawn_by IS NULL AND earliest < effective;

-- When anybody last posted about a partnership: one by one, or by an import, which counts from its completion.
CREATE INDEX event_about_partnership ON event (home, partnership, position DESC)
    WHERE partnership IS NOT NULL AND import_id IS NULL AND type LIKE 'activity.%';
CREATE TABLE partnership_of_import (
    home        text NOT NULL,
    partnership text NOT NULL,
    position    bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (home, partnership, position)
);
INSERT INTO partnership_of_import
SELECT DISTINCT completed.home, event.partnership, completed.position, completed.recorded_at
FROM completed_import AS completed JOIN event USING (home, import_id) WHERE event.partnership IS NOT NULL;
