-- name: today_of$
-- Which day was it in the home at a position?
SELECT max(today) FROM calendar WHERE home = :home AND position <= :position;

-- name: set_today*!
-- A day is over.
INSERT INTO calendar (home, position, today) VALUES (:home, :position, :today) ON CONFLICT DO NOTHING;

-- name: write_ruling*!
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
INSERT INTO rating (home, partnership, rated_on, position, document, summary)
SELECT :home, partnership, rated_on, position, document::json, summary::json
FROM unnest(:partnerships::text[], :rated_on::date[], :positions::bigint[], :documents::text[], :summaries::text[])
    AS rated (partnership, rated_on, position, document, summary)
ON CONFLICT (home, partnership) DO UPDATE SET rated_on = excluded.rated_on, position = excluded.position,
    document = excluded.document, summary = excluded.summary;

-- name: ratings
-- How do the partnerships stand now, of a home or of all, all or one, of those that may be seen?
SELECT home, rated_on, position, document::text FROM rating
WHERE (:home::text IS NULL OR home = :home) AND (:partnership::text IS NULL OR partnership = :partnership)
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
ORDER BY home, partnership;

-- name: summaries
-- The same with the newest activity of each lit cell only.
SELECT home, rated_on, position, summary::text AS document FROM rating
WHERE (:home::text IS NULL OR home = :home) AND (:partnership::text IS NULL OR partnership = :partnership)
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
ORDER BY home, partnership;

-- name: drop_rating!
-- These partnerships are not in force today.
DELETE FROM rating WHERE home = :home AND partnership = ANY(:partnerships::text[]);

-- name: write_changes!
-- Keep changes of ratings.
INSERT INTO rating_change (home, partnership, position, event_id, event_type, recorded_at, changed_on, grade, before, after)
SELECT :home, partnership, position, event_id, event_type, recorded_at, changed_on, grade::json, before::json, after::json
FROM unnest(:partnerships::text[], :positions::bigint[], :event_ids::uuid[], :event_types::text[],
    :recorded_at::timestamptz[], :changed_on::date[], :grades::text[], :before::text[], :after::text[])
    AS change (partnership, position, event_id, event_type, recorded_at, changed_on, grade, before, after);

-- name: last_grades
-- How did these partnerships stand after their last change?
SELECT DISTINCT ON (partnership) partnership, grade FROM rating_change
WHERE home = :home AND partnership = ANY(:partnerships::text[])
ORDER BY partnership, position DESC;

-- name: changes_before
-- How did a partnership's rating change before a position, the latest first?
SELECT change.*, earlier.grade AS grade_before
FROM (
    SELECT position, event_id, event_type, recorded_at, changed_on, grade, before, after FROM rating_change
    WHERE home = :home AND partnership = :partnership AND (:position::bigint IS NULL OR position < :position)
    ORDER BY position DESC LIMIT :most
) AS change
LEFT JOIN LATERAL (
    SELECT grade FROM rating_change
    WHERE home = :home AND partnership = :partnership AND position < change.position
    ORDER BY position DESC LIMIT 1
) AS earlier ON true
ORDER BY change.position DESC;

-- name: is_registered$
-- Does the home have a partnership of this name?
SELECT EXISTS (SELECT FROM partnership WHERE home = :home AND partnership = :partnership);
