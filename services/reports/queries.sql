-- name: write_event*!
-- Keep an event as stored.
INSERT INTO event (position, home, event_id, type, partnership, author, recorded_at, recorded_on, payload)
VALUES (:position, :home, :event_id, :type, :partnership, :author, :recorded_at, :recorded_on, :payload);

-- name: latest_partnerships
-- The latest version of these partnerships.
SELECT partnership, from_position, facts, ended_on FROM partnership_version
WHERE home = :home AND partnership = ANY(:partnerships::text[]) AND until_position IS NULL;

-- name: latest_activities
-- The latest version of these activities, and of those of these imports.
SELECT activity, from_position, facts, stated_on, withdrawn_by FROM activity_version
WHERE home = :home AND until_position IS NULL AND (activity = ANY(:activities::uuid[]) OR batch = ANY(:batches::text[]));

-- name: end_activity_version*!
-- From this position on, another version holds.
UPDATE activity_version SET until_position = :until_position
WHERE home = :home AND activity = :activity AND until_position IS NULL;

-- name: write_activity_version*!
-- What the ledger says of an activity from a position on.
INSERT INTO activity_version (home, activity, from_position, until_position, partnership, batch, indicator, direction,
    outcome, mode, first_day, last_day, stated_on, withdrawn_by, facts)
VALUES (:home, :activity, :from_position, :until_position, :partnership, :batch, :indicator, :direction,
    :outcome, :mode, :first_day, :last_day, :stated_on, :withdrawn_by, :facts);

-- name: end_partnership_version*!
-- From this position on, another version holds.
UPDATE partnership_version SET until_position = :until_position
WHERE home = :home AND partnership = :partnership AND until_position IS NULL;

-- name: write_partnership_version*!
-- What the registry says of a partnership from a position on.
INSERT INTO partnership_version (home, partnership, from_position, until_position, facts, ended_on)
VALUES (:home, :partnership, :from_position, :until_position, :facts, :ended_on);

-- name: position_known_at$
-- Which was the last position recorded by a moment?
SELECT coalesce(max(position), 0) FROM event WHERE recorded_at <= :known;

-- name: partnerships_as_known
-- The registry as it was known at a position.
SELECT partnership, facts, ended_on FROM partnership_version
WHERE home = :home AND from_position <= :position AND (until_position IS NULL OR until_position > :position)
ORDER BY partnership;

-- name: facts_as_known
-- What ratings are made of, as it was known at a position.
SELECT activity, partnership, indicator, direction, outcome, mode, first_day, last_day, stated_on
FROM activity_version
WHERE home = :home AND from_position <= :position AND (until_position IS NULL OR until_position > :position)
  AND withdrawn_by IS NULL
  AND (:partnership::text IS NULL OR partnership = :partnership);

-- name: coverage_as_known
-- When did anybody last post about each partnership, as known at a position?
SELECT partnership, max(recorded_at) AS last_posted_at FROM event
WHERE home = :home AND position <= :position AND partnership IS NOT NULL AND type LIKE 'activity.%'
GROUP BY partnership;

-- name: rulings_as_known
-- Official judgements and adopted rubrics up to a position, in order.
SELECT position, recorded_at, payload FROM event
WHERE home = :home AND type = ANY(:types::text[]) AND position <= :position ORDER BY position;

-- name: activities_as_known
-- Activities whose dates touch a period, as known at a position, latest first, after a cursor.
SELECT version.activity, version.facts, version.from_position, version.stated_on, version.first_day, version.last_day,
       version.withdrawn_by, recorded.recorded_at, recorded.author, recorded.position
FROM activity_version AS version
JOIN event AS recorded ON recorded.home = version.home AND recorded.event_id = version.activity
WHERE version.home = :home AND (:withdrawn::boolean OR version.withdrawn_by IS NULL)
  AND version.from_position <= :position AND (version.until_position IS NULL OR version.until_position > :position)
  AND (:partnership::text IS NULL OR version.partnership = :partnership)
  AND (:first::date IS NULL OR version.last_day >= :first)
  AND (:last::date IS NULL OR version.first_day <= :last)
  AND (:before_day::date IS NULL OR (version.last_day, recorded.position) < (:before_day, :before_position::bigint))
ORDER BY version.last_day DESC, recorded.position DESC
LIMIT :most;
