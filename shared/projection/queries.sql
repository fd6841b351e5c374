-- name: checkpoint_of^
-- How far has this projection come?
SELECT position, hash, recorded_at FROM checkpoint WHERE projection = :projection;

-- name: begin_checkpoint!
-- Note that a projection begins, unless it has begun.
INSERT INTO checkpoint (projection, position, hash, recorded_at)
VALUES (:projection, 0, '', '1970-01-01T00:00:00Z')
ON CONFLICT (projection) DO NOTHING;

-- name: advance_checkpoint$
-- Move on from where we believe to stand; no row where somebody else has moved it.
UPDATE checkpoint SET position = :position, hash = :hash, recorded_at = :recorded_at
WHERE projection = :projection AND position = :from_position AND hash = :from_hash
RETURNING position;

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

-- name: complete_staged_activities
-- The import is whole: its activities enter the book, where there are as many as it says. Of which partnerships are they?
WITH entered AS (
    INSERT INTO activity (home, activity, partnership, batch, facts, stated_on)
    SELECT home, activity, partnership, batch, facts, :stated_on FROM staged_activity
    WHERE home = :home AND import_id = :import_id
      AND :rows = (SELECT count(*) FROM staged_activity WHERE home = :home AND import_id = :import_id)
    ON CONFLICT (home, activity) DO NOTHING
    RETURNING partnership
)
SELECT DISTINCT partnership FROM entered;

-- name: drop_staged_activities!
-- What was staged for an import has served.
DELETE FROM staged_activity WHERE home = :home AND import_id = :import_id;

-- name: take_turn$
-- Be the one worker of this projection, for as long as this session lives.
SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '/' || :projection, 0));

-- name: hint_at_progress$
-- Tell whoever watches, once the transaction is there to be seen.
SELECT pg_notify(:channel, :position);

-- name: give_turn_back$
-- Let another worker project.
SELECT pg_advisory_unlock_all();

-- name: lock_checkpoint$
-- Let nobody move this projection on before the transaction ends; say which table stands, for rebuilt ones are swapped in.
SELECT tableoid::bigint FROM checkpoint WHERE projection = :projection FOR UPDATE;

-- name: held_up
-- Which partnerships wait behind an event that could not be projected?
SELECT DISTINCT home, partnership FROM parked WHERE partnership <> '';

-- name: park!
-- Keep that an event waits.
INSERT INTO parked (position, home, partnership, error) VALUES (:position, :home, :partnership, :error)
ON CONFLICT (position) DO NOTHING;

-- name: parked
-- What waits, in order?
SELECT position, home, partnership, error FROM parked ORDER BY position;

-- name: let_go!
-- The event is projected now.
DELETE FROM parked WHERE position = :position;

-- name: note_error!
-- The event still cannot be projected.
UPDATE parked SET error = :error WHERE position = :position;
