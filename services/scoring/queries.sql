-- name: today_of$
-- Which day was it in the home at a position?
SELECT max(today) FROM calendar WHERE home = :home AND position <= :position;

-- name: set_today*!
-- A day is over.
INSERT INTO calendar (home, position, today) VALUES (:home, :position, :today) ON CONFLICT DO NOTHING;

-- name: write_ruling!
-- Keep an official judgement, its lifting, or the adoption of a rubric.
INSERT INTO ruling (home, position, event_id, type, partnership, author, recorded_at, recorded_on, data)
VALUES (:home, :position, :event_id, :type, :partnership, :author, :recorded_at, :recorded_on, :data)
ON CONFLICT DO NOTHING;

-- name: rulings
-- What had the home's bureau ruled up to a position, in order?
SELECT position, event_id, type, partnership, author, recorded_at, recorded_on, data
FROM ruling WHERE home = :home AND position <= :position ORDER BY position;

-- name: rated_facts
-- What ratings are made of: the activities of these partnerships that were not taken back.
SELECT activity, partnership, facts->>'indicator' AS indicator, facts->>'direction' AS direction,
       facts->>'outcome' AS outcome, coalesce(facts->>'mode', 'unknown') AS mode, facts->>'occurred' AS occurred, stated_on
FROM activity WHERE home = :home AND partnership = ANY(:partnerships::text[]) AND withdrawn_by IS NULL;

-- name: write_ratings!
-- Keep how partnerships stand now.
INSERT INTO rating (home, partnership, rated_on, position, document)
SELECT :home, partnership, rated_on, position, document::json
FROM unnest(:partnerships::text[], :rated_on::date[], :positions::bigint[], :documents::text[])
    AS rated (partnership, rated_on, position, document)
ON CONFLICT (home, partnership) DO UPDATE SET rated_on = excluded.rated_on, position = excluded.position,
    document = excluded.document;

-- name: ratings
-- How do the partnerships stand now, of a home or of all, all or one, of those that may be seen?
SELECT home, partnership, rated_on, position, document FROM rating
WHERE (:home::text IS NULL OR home = :home) AND (:partnership::text IS NULL OR partnership = :partnership)
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
ORDER BY home, partnership;

-- name: drop_rating!
-- These partnerships are not in force today.
DELETE FROM rating WHERE home = :home AND partnership = ANY(:partnerships::text[]);
