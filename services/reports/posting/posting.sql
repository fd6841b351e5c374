-- name: event_^
-- One event as stored, as far as the reader may see it.
SELECT position, event_id, type, partnership, author, recorded_at, recorded_on, payload, import_id FROM event
WHERE home = :home AND event_id = :event_id AND position <= :position
  AND (:allowed::text[] IS NULL OR partnership IS NULL OR partnership = ANY(:allowed::text[]));

-- name: versions_of_activity
-- What the ledger said of an activity, from which event on; with the event that recorded it.
SELECT version.from_position, version.until_position, version.facts, version.withdrawn_by, version.stated_on,
       caused.event_id, caused.type, caused.author, caused.recorded_at, caused.payload,
       recorded.author AS recorded_by, recorded.payload AS recorded_as, recorded.position AS recorded_position
FROM activity_version AS version
JOIN event AS caused ON caused.position = version.from_position
JOIN event AS recorded ON recorded.home = version.home AND recorded.event_id = version.activity
WHERE version.home = :home AND version.activity = :activity AND version.from_position <= :position
  AND (:allowed::text[] IS NULL OR version.partnership = ANY(:allowed::text[]))
ORDER BY version.from_position;

-- name: activities_like
-- What counts already of the same partnership and indicator with a date that overlaps, the most alike first?
SELECT activity, facts, last_day FROM activity_version
WHERE home = :home AND partnership = :partnership AND indicator = :indicator AND until_position IS NULL
  AND withdrawn_by IS NULL AND first_day <= :last AND last_day >= :first
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
ORDER BY facts->>'occurred' = :occurred DESC, facts->>'direction' = :direction DESC, last_day DESC, activity
LIMIT :most;

-- name: activities_of_batch
-- Which activities of an import count, and of which partnership is each?
SELECT activity, partnership FROM activity_version
WHERE home = :home AND batch = :batch AND until_position IS NULL AND withdrawn_by IS NULL
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]));
