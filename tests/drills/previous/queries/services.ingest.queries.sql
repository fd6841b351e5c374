-- name: slugs
-- Which partnerships does the home have, of those that may be seen?
SELECT partnership FROM partnership
WHERE home = :home AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[])) ORDER BY partnership;

-- name: last_closed_days
-- Which of each home's days was closed last?
SELECT home, day FROM closed_day;

-- name: close_day!
-- Note that a day was closed; days are closed in order.
INSERT INTO closed_day (home, day) VALUES (:home, :day)
ON CONFLICT (home) DO UPDATE SET day = greatest(closed_day.day, excluded.day);

-- name: write_judgement!
-- Keep that an official judgement stands.
INSERT INTO judgement (home, judgement, partnership) VALUES (:home, :judgement, :partnership)
ON CONFLICT (home, judgement) DO NOTHING;

-- name: lift_judgement!
-- Keep that a judgement stands no more.
UPDATE judgement SET lifted_by = :lifted_by WHERE home = :home AND judgement = :judgement AND lifted_by IS NULL;

-- name: judgements
-- Of which partnerships are these judgements, and which of them were lifted?
SELECT judgement, partnership, lifted_by FROM judgement
WHERE home = :home AND judgement = ANY(:judgements::uuid[]);

-- name: write_rubric!
-- Keep a rubric's version as it was first adopted.
INSERT INTO rubric (home, id, version, rubric) VALUES (:home, :id, :version, :rubric)
ON CONFLICT (home, id, version) DO NOTHING;

-- name: write_adoption!
-- Keep from which day a rubric holds.
INSERT INTO adoption (home, event_id, id, version, valid_from, replaces)
VALUES (:home, :event_id, :id, :version, :valid_from, :replaces)
ON CONFLICT (home, event_id) DO NOTHING;

-- name: adoptions
-- Which rubrics has the home adopted, and from which days?
SELECT adoption.event_id, adoption.valid_from, adoption.replaces, rubric.rubric
FROM adoption JOIN rubric USING (home, id, version)
WHERE home = :home ORDER BY adoption.valid_from, adoption.event_id;
