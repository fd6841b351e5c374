-- name: write_event_of_home*!
-- Keep an event that concerns a whole home.
INSERT INTO event (position, home, event_id, type, partnership, author, recorded_at, recorded_on, payload, import_id)
VALUES (:position, :home, :event_id, :type, :partnership, :author, :recorded_at, :recorded_on, :payload, :import_id)
ON CONFLICT DO NOTHING;

-- name: latest_partnerships
-- The latest version of all partnerships of the home.
SELECT partnership, facts, ended_on FROM partnership_version WHERE home = :home AND until_position IS NULL;

-- name: latest_activities
-- The latest version of these activities, and of those that were taken back by events of these ids.
SELECT activity, facts, stated_on, withdrawn_by FROM activity_version
WHERE home = :home AND activity = ANY(:activities::uuid[]) AND until_position IS NULL
UNION
SELECT activity, facts, stated_on, withdrawn_by FROM activity_version
WHERE home = :home AND withdrawn_by = ANY(:activities::uuid[]) AND until_position IS NULL;

-- name: latest_activities_of_batches
-- The latest version of the activities of these imports.
SELECT activity, facts, stated_on, withdrawn_by FROM activity_version
WHERE home = :home AND batch = ANY(:batches::text[]) AND until_position IS NULL;

-- name: end_activity_version*!
-- From this position on, another version holds. One by one: joined to a list, it was planned while the table was empty,
-- and went on reading all of it.
UPDATE activity_version SET until_position = :until_position
WHERE home = :home AND activity = :activity AND until_position IS NULL;

-- name: write_activity_versions!
-- What the ledger says of activities from a position on.
INSERT INTO activity_version (home, activity, from_position, until_position, partnership, batch, indicator, direction,
    outcome, mode, first_day, last_day, stated_on, withdrawn_by, facts)
SELECT :home, activity, from_position, until_position, partnership, batch, indicator, direction,
    outcome, mode, first_day, last_day, stated_on, withdrawn_by, facts::jsonb
FROM unnest(:activities::uuid[], :from_positions::bigint[], :until_positions::bigint[], :partnerships::text[],
    :batches::text[], :indicators::text[], :directions::text[], :outcomes::text[], :modes::text[], :first_days::date[],
    :last_days::date[], :stated_on::date[], :withdrawn_by::uuid[], :facts::text[])
    AS begun (activity, from_position, until_position, partnership, batch, indicator, direction,
        outcome, mode, first_day, last_day, stated_on, withdrawn_by, facts);

-- name: end_partnership_version*!
-- From this position on, another version holds.
UPDATE partnership_version SET until_position = :until_position
WHERE home = :home AND partnership = :partnership AND until_position IS NULL;

-- name: stage_activities!
-- Keep activities of imports that are not whole yet.
INSERT INTO staged_activity (home, import_id, activity, partnership, batch, indicator, direction, outcome, mode, first_day,
    last_day, facts)
SELECT :home, import_id, activity, partnership, batch, indicator, direction, outcome, mode, first_day, last_day, facts::jsonb
FROM unnest(:imports::uuid[], :activities::uuid[], :partnerships::text[], :batches::text[], :indicators::text[],
    :directions::text[], :outcomes::text[], :modes::text[], :first_days::date[], :last_days::date[], :facts::text[])
    AS staged (import_id, activity, partnership, batch, indicator, direction, outcome, mode, first_day, last_day, facts)
ON CONFLICT DO NOTHING;

-- name: complete_import!
-- Keep that an import is whole.
INSERT INTO completed_import (home, import_id, position, recorded_at)
VALUES (:home, :import_id, :position, :recorded_at)
ON CONFLICT DO NOTHING;

-- name: write_partnerships_of_import!
-- Keep of which partnerships an import was that is whole.
INSERT INTO partnership_of_import (home, partnership, position, recorded_at)
SELECT :home, partnership, :position, :recorded_at FROM unnest(:partnerships::text[]) AS imported (partnership)
ON CONFLICT DO NOTHING;

-- name: staged_partnerships
-- Of which partnerships are the activities that are staged for an import?
SELECT DISTINCT partnership FROM staged_activity WHERE home = :home AND import_id = :import_id;

-- name: begin_versions_of_import!
-- The import is whole: its activities of these partnerships are known from this position on.
WITH entered AS (
    DELETE FROM staged_activity
    WHERE home = :home AND import_id = :import_id AND partnership = ANY(:partnerships::text[])
    RETURNING *
)
INSERT INTO activity_version (home, activity, from_position, partnership, batch, indicator, direction, outcome, mode,
    first_day, last_day, stated_on, facts)
SELECT home, activity, :position, partnership, batch, indicator, direction, outcome, mode, first_day, last_day,
    :stated_on, facts
FROM entered;

-- name: write_partnership_versions!
-- What the registry says of partnerships from a position on.
INSERT INTO partnership_version (home, partnership, from_position, until_position, facts, ended_on)
SELECT :home, partnership, from_position, until_position, facts::jsonb, ended_on
FROM unnest(:partnerships::text[], :from_positions::bigint[], :until_positions::bigint[], :facts::text[],
    :ended_on::date[]) AS begun (partnership, from_position, until_position, facts, ended_on);

-- name: position_known_at$
-- Which was the last position recorded by a moment?
SELECT coalesce(max(position), 0) FROM event WHERE recorded_at <= :known;

-- name: partnerships_as_known
-- The registry as it was known at a position.
SELECT partnership, facts, ended_on FROM partnership_version
WHERE home = :home AND from_position <= :position AND (until_position IS NULL OR until_position > :position)
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
ORDER BY partnership;

-- name: count_facts_as_known$
-- How much are ratings made of, as it was known at a position? Counted no further than a limit.
SELECT count(*) FROM (
    SELECT FROM activity_version
    WHERE home = :home AND from_position <= :position AND (until_position IS NULL OR until_position > :position)
      AND withdrawn_by IS NULL
      AND (:partnership::text IS NULL OR partnership = :partnership)
      AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
    LIMIT :most
) AS known;

-- name: facts_as_known
-- What ratings are made of, as it was known at a position.
SELECT activity, partnership, indicator, direction, outcome, mode, first_day, last_day, stated_on
FROM activity_version
WHERE home = :home AND from_position <= :position AND (until_position IS NULL OR until_position > :position)
  AND withdrawn_by IS NULL
  AND (:partnership::text IS NULL OR partnership = :partnership)
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]));

-- name: day_of_position$
-- On which day was a position recorded? Nothing known then takes effect later.
SELECT recorded_on FROM event WHERE position <= :position ORDER BY position DESC LIMIT 1;

-- name: newest_facts_as_known
-- Of each kind of activity, which took effect last by a day, as known at a position; and which is the latest day on which one
-- of them may have happened at the earliest? A rating is made of these alone. One look into the index for each kind, and where
-- the newest has no precise date, at those that took effect while it can have happened.
SELECT asked.partnership, newest.kind, newest.activity, newest.effective, newest.earliest, nearby.latest_earliest
FROM unnest(:partnerships::text[]) AS asked (partnership)
CROSS JOIN unnest(:kinds::smallint[]) AS of_kind (kind)
CROSS JOIN LATERAL (
    SELECT kind, activity, effective, earliest FROM activity_version
    WHERE home = :home AND partnership COLLATE "C" = asked.partnership AND kind = of_kind.kind AND effective <= :day
      AND outcome = 'held' AND withdrawn_by IS NULL
      AND from_position <= :position AND (until_position IS NULL OR until_position > :position)
    ORDER BY effective DESC, activity DESC LIMIT 1
) AS newest
LEFT JOIN LATERAL (
    SELECT max(earliest) AS latest_earliest FROM activity_version
    WHERE newest.earliest < newest.effective
      AND home = :home AND partnership COLLATE "C" = asked.partnership AND kind = newest.kind
      AND effective <= newest.effective AND effective > newest.earliest AND outcome = 'held' AND withdrawn_by IS NULL
      AND from_position <= :position AND (until_position IS NULL OR until_position > :position)
) AS nearby ON true;

-- name: straddling_facts_as_known
-- Of the activities that may have happened by a day or later, which is the latest day on which one of each kind may have
-- happened at the earliest, as known at a position?
SELECT partnership, kind, max(earliest) AS latest_earliest FROM activity_version
WHERE home = :home AND partnership = ANY(:partnerships::text[])
  AND effective > :day AND earliest <= :day AND earliest < effective
  AND outcome = 'held' AND withdrawn_by IS NULL
  AND from_position <= :position AND (until_position IS NULL OR until_position > :position)
GROUP BY partnership, kind;

-- name: coverage_as_known
-- When did anybody last post about each of these partnerships, as known at a position?
SELECT asked.partnership, greatest(one.recorded_at, import.recorded_at) AS last_posted_at
FROM unnest(:partnerships::text[]) AS asked (partnership)
LEFT JOIN LATERAL (
    SELECT recorded_at FROM event
    WHERE home = :home AND partnership = asked.partnership AND import_id IS NULL AND type LIKE 'activity.%'
      AND position <= :position
    ORDER BY position DESC LIMIT 1
) AS one ON true
LEFT JOIN LATERAL (
    SELECT recorded_at FROM partnership_of_import
    WHERE home = :home AND partnership = asked.partnership AND position <= :position
    ORDER BY position DESC LIMIT 1
) AS import ON true
WHERE one.recorded_at IS NOT NULL OR import.recorded_at IS NOT NULL;

-- name: events_as_known
-- Events of some types up to a position, in order, of all partnerships or one; those of the whole home are for everybody.
SELECT position, recorded_at, payload FROM event
WHERE home = :home AND type = ANY(:types::text[]) AND position <= :position
  AND (:partnership::text IS NULL OR partnership = :partnership)
  AND (:allowed::text[] IS NULL OR partnership IS NULL OR partnership = ANY(:allowed::text[]))
ORDER BY position;

-- name: deeds_as_known
-- Activities that took effect in a period, as known at a position, with the moment from which each was known.
SELECT version.activity, version.facts, version.stated_on, coalesce(completed.recorded_at, recorded.recorded_at) AS recorded_at
FROM activity_version AS version
JOIN event AS recorded ON recorded.home = version.home AND recorded.event_id = version.activity
LEFT JOIN completed_import AS completed ON completed.home = recorded.home AND completed.import_id = recorded.import_id
WHERE version.home = :home AND version.withdrawn_by IS NULL
  AND version.from_position <= :position AND (version.until_position IS NULL OR version.until_position > :position)
  AND (:partnership::text IS NULL OR version.partnership = :partnership)
  AND (:allowed::text[] IS NULL OR version.partnership = ANY(:allowed::text[]))
  AND (:first::date IS NULL OR version.effective >= :first) AND version.effective <= :last;

-- name: count_deeds_as_known$
-- How many activities took effect in a period, as known at a position? Counted no further than a limit.
SELECT count(*) FROM (
    SELECT FROM activity_version AS version
    WHERE version.home = :home AND version.withdrawn_by IS NULL
      AND version.from_position <= :position AND (version.until_position IS NULL OR version.until_position > :position)
      AND (:partnership::text IS NULL OR version.partnership = :partnership)
      AND (:allowed::text[] IS NULL OR version.partnership = ANY(:allowed::text[]))
      AND (:first::date IS NULL OR version.effective >= :first) AND version.effective <= :last
    LIMIT :most
) AS known;

-- name: activities_as_known
-- Activities whose dates touch a period, as known at a position, latest first, after a cursor.
SELECT version.activity, version.facts, version.from_position, version.stated_on, version.first_day, version.last_day,
       version.withdrawn_by, coalesce(completed.recorded_at, recorded.recorded_at) AS recorded_at, recorded.author,
       recorded.position, coalesce(completed.position, recorded.position) AS known_from
FROM activity_version AS version
JOIN event AS recorded ON recorded.home = version.home AND recorded.event_id = version.activity
LEFT JOIN completed_import AS completed ON completed.home = recorded.home AND completed.import_id = recorded.import_id
WHERE version.home = :home AND (:withdrawn::boolean OR version.withdrawn_by IS NULL)
  AND version.from_position <= :position AND (version.until_position IS NULL OR version.until_position > :position)
  AND (:partnership::text IS NULL OR version.partnership = :partnership)
  AND (:allowed::text[] IS NULL OR version.partnership = ANY(:allowed::text[]))
  AND (:first::date IS NULL OR version.last_day >= :first)
  AND (:last::date IS NULL OR version.first_day <= :last)
  AND (:before_day::date IS NULL OR (version.last_day, recorded.position) < (:before_day, :before_position::bigint))
ORDER BY version.last_day DESC, recorded.position DESC
LIMIT :most;
