-- name: checkpoint_of^
-- How far has this projection come, in the share that is behind most?
SELECT position, hash, recorded_at FROM checkpoint WHERE projection = :projection ORDER BY position LIMIT 1;

-- name: checkpoints_of
-- How far has each share of this projection come?
SELECT position, hash, recorded_at FROM checkpoint WHERE projection = :projection ORDER BY first_partition;

-- name: begin_checkpoint!
-- Note that a projection begins, unless it has begun.
INSERT INTO checkpoint (projection, first_partition, last_partition, position, hash, recorded_at)
VALUES (:projection, 0, 63, 0, '', '1970-01-01T00:00:00Z')
ON CONFLICT DO NOTHING;

-- name: advance_checkpoint$
-- Move shares on from where we believe them to stand and to be ours. How many were? Fewer where somebody else has moved
-- or taken one.
WITH advanced AS (
    UPDATE checkpoint SET position = :position, hash = :hash, recorded_at = :recorded_at
    FROM unnest(:firsts::smallint[], :lasts::smallint[], :fences::bigint[]) AS held (first_partition, last_partition, fence)
    WHERE projection = :projection AND position = :from_position AND hash = :from_hash
      AND checkpoint.first_partition = held.first_partition AND checkpoint.last_partition = held.last_partition
      AND checkpoint.fence = held.fence
    RETURNING 1
)
SELECT count(*) FROM advanced;

-- name: partnerships_in_book
-- The registry's entries for these partnerships.
SELECT partnership, facts, ended_on FROM partnership WHERE home = :home AND partnership = ANY(:partnerships::text[]);

-- name: activities_in_book
-- These activities as they stand, and those that were taken back by events of these ids.
SELECT activity, facts, stated_on, withdrawn_by, amended_by FROM activity
WHERE home = :home AND activity = ANY(:activities::uuid[])
UNION
SELECT activity, facts, stated_on, withdrawn_by, amended_by FROM activity
WHERE home = :home AND withdrawn_by = ANY(:activities::uuid[]);

-- name: activities_of_batch
-- The activities of one import as they stand.
SELECT activity, facts, stated_on, withdrawn_by, amended_by FROM activity WHERE home = :home AND batch = :batch;

-- name: registry_in_book
-- All of the home's registry.
SELECT partnership, facts, ended_on FROM partnership WHERE home = :home;

-- name: write_partnerships!
-- Keep partnerships as they stand now.
INSERT INTO partnership (home, partnership, facts, ended_on)
SELECT :home, partnership, facts::jsonb, ended_on
FROM unnest(:partnerships::text[], :facts::text[], :ended_on::date[]) AS changed (partnership, facts, ended_on)
ON CONFLICT (home, partnership) DO UPDATE SET facts = excluded.facts, ended_on = excluded.ended_on;

-- name: write_activities!
-- Keep activities as they stand now.
INSERT INTO activity (home, activity, partnership, batch, facts, stated_on, withdrawn_by, amended_by)
SELECT :home, activity, partnership, batch, facts::jsonb, stated_on, withdrawn_by, amended_by
FROM unnest(:activities::uuid[], :partnerships::text[], :batches::text[], :facts::text[], :stated_on::date[],
    :withdrawn_by::uuid[], :amended_by::uuid[])
    AS changed (activity, partnership, batch, facts, stated_on, withdrawn_by, amended_by)
ON CONFLICT (home, activity) DO UPDATE SET batch = excluded.batch, facts = excluded.facts,
    stated_on = excluded.stated_on, withdrawn_by = excluded.withdrawn_by, amended_by = excluded.amended_by;

-- name: stage_activities!
-- Keep activities of imports that are not whole yet.
INSERT INTO staged_activity (home, import_id, activity, partnership, batch, facts)
SELECT :home, import_id, activity, partnership, batch, facts::jsonb
FROM unnest(:imports::uuid[], :activities::uuid[], :partnerships::text[], :batches::text[], :facts::text[])
    AS staged (import_id, activity, partnership, batch, facts)
ON CONFLICT DO NOTHING;

-- name: staged_partnerships
-- Of which partnerships are the activities that are staged for an import?
SELECT DISTINCT partnership FROM staged_activity WHERE home = :home AND import_id = :import_id;

-- name: complete_staged_activities!
-- The import is whole: its activities of these partnerships enter the book.
WITH entered AS (
    DELETE FROM staged_activity
    WHERE home = :home AND import_id = :import_id AND partnership = ANY(:partnerships::text[])
    RETURNING home, activity, partnership, batch, facts
)
INSERT INTO activity (home, activity, partnership, batch, facts, stated_on)
SELECT home, activity, partnership, batch, facts, :stated_on FROM entered
ON CONFLICT (home, activity) DO NOTHING;

-- name: hint_at_progress$
-- Tell whoever watches, once the transaction is there to be seen.
SELECT pg_notify(:channel, :position);

-- name: tables_at$
-- Which table holds the checkpoints? Another number where rebuilt ones were swapped in. Shares can change hands meanwhile.
SELECT tableoid::bigint FROM checkpoint WHERE projection = :projection AND first_partition = 0 FOR KEY SHARE;

-- name: held_up
-- Which partnerships in these partitions wait behind an event that could not be projected?
SELECT DISTINCT home, partnership FROM parked WHERE partnership <> '' AND partition = ANY(:partitions::smallint[]);

-- name: park*!
-- Keep that an event waits.
INSERT INTO parked (position, partition, home, partnership, error)
VALUES (:position, :partition, :home, :partnership, :error)
ON CONFLICT DO NOTHING;

-- name: parked
-- What waits, in order?
SELECT DISTINCT position, home, partnership, error FROM parked ORDER BY position, home, partnership;

-- name: parked_in
-- What waits in these partitions, in order?
SELECT position, home, partnership, array_agg(partition) AS partitions FROM parked
WHERE partition = ANY(:partitions::smallint[])
GROUP BY position, home, partnership ORDER BY position, home, partnership;

-- name: let_go!
-- The event is projected now.
DELETE FROM parked
WHERE position = :position AND partnership = :partnership AND partition = ANY(:partitions::smallint[]);

-- name: note_error!
-- The event still cannot be projected.
UPDATE parked SET error = :error
WHERE position = :position AND partnership = :partnership AND partition = ANY(:partitions::smallint[]);
