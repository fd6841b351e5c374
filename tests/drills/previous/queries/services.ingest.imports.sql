-- name: begin_import$
-- Keep a file that was handed in, unless it is there already, or its batch is.
INSERT INTO import (import_id, home, author, role, batch, named, format, file_hash, file, mapping, day_first, dry_run, keep_likely,
    state, posted_at)
VALUES (:import_id, :home, :author, :role, :batch, :named, :format, :file_hash, :file, :mapping, :day_first, :dry_run,
    :keep_likely, 'checking', :posted_at)
ON CONFLICT DO NOTHING
RETURNING import_id;

-- name: import_of_file$
-- Which import has this file under this name?
SELECT import_id FROM import
WHERE home = :home AND file_hash = :file_hash AND named = :named AND state NOT IN ('refused', 'cancelled');

-- name: batch_is_taken$
-- Does any activity carry this batch?
SELECT EXISTS (SELECT 1 FROM activity WHERE home = :home AND batch = :batch);

-- name: import_^
-- One import as it stands, without its file.
SELECT import_id, home, author, role, batch, format, mapping, day_first, dry_run, keep_likely, state, posted_at, rows, done,
    counts, hash, position
FROM import WHERE home = :home AND import_id = :import_id;

-- name: imports_to_work_on
-- Which imports are to be gone on with, the first handed in first?
SELECT home, import_id FROM import WHERE state IN ('checking', 'loading', 'completing') ORDER BY posted_at, import_id;

-- name: file_of$
-- The file of an import.
SELECT file FROM import WHERE import_id = :import_id;

-- name: known_names
-- By which names are the home's partnerships known?
SELECT partnership, facts->'name'->>'id' AS name_id, facts->'name'->>'en' AS name_en
FROM partnership WHERE home = :home;

-- name: standing$
-- What counts already, as far as likeness is judged by it? One text, a line each, for there may be a million.
SELECT coalesce(string_agg(
    concat_ws(' ', partnership, facts->>'indicator', facts->>'occurred', activity::text), E'\n'), '')
FROM activity WHERE home = :home AND withdrawn_by IS NULL;

-- name: drop_findings!
-- A check begins anew.
DELETE FROM import_finding WHERE import_id = :import_id;

-- name: drop_rows!
-- The rows have served, or a check begins anew.
DELETE FROM import_row WHERE import_id = :import_id;

-- name: write_findings!
-- Keep what a check has found.
INSERT INTO import_finding (import_id, number, finding)
SELECT :import_id, found.number, found.finding
FROM unnest(:findings::text[]::json[]) WITH ORDINALITY AS found (finding, number);

-- name: write_rows!
-- Keep rows that can be stored.
INSERT INTO import_row (import_id, row, event_id, partnership, payload)
SELECT :import_id, ready.* FROM unnest(:rows::integer[], :event_ids::uuid[], :partnerships::text[], :payloads::bytea[])
    AS ready (row, event_id, partnership, payload);

-- name: end_check$
-- A check is over; no row where it was cancelled meanwhile.
UPDATE import SET state = :state, rows = :rows, counts = :counts, hash = :hash,
    file = CASE WHEN :state = 'refused' THEN NULL ELSE file END
WHERE import_id = :import_id AND state = 'checking' RETURNING state;

-- name: rows_after
-- The next rows to load, in the order of the file.
SELECT row, event_id, partnership, payload FROM import_row
WHERE import_id = :import_id AND row > :row ORDER BY row LIMIT :most;

-- name: row_at$
-- After which row does the part begin that is not known to be loaded?
SELECT row FROM import_row WHERE import_id = :import_id ORDER BY row OFFSET :done - 1 LIMIT 1;

-- name: note_loaded$
-- So many rows are loaded; no row where the import was cancelled meanwhile.
UPDATE import SET done = :done WHERE import_id = :import_id AND state = 'loading' RETURNING done;

-- name: move$
-- Move an import on, if it is in one of these states; no row where it is in another.
UPDATE import SET state = :state, file = CASE WHEN :state = 'cancelled' THEN NULL ELSE file END
WHERE home = :home AND import_id = :import_id AND state = ANY(:states::text[])
RETURNING state;

-- name: check_anew$
-- Check once more with what was answered, and load if nothing else is to be asked.
UPDATE import SET state = 'checking', dry_run = false, keep_likely = :keep_likely, day_first = :day_first
WHERE home = :home AND import_id = :import_id AND state = 'asked' RETURNING state;

-- name: complete!
-- The import stands in the ledger; what it was made of is not needed any more.
UPDATE import SET state = 'completed', position = :position, file = NULL WHERE import_id = :import_id;

-- name: findings_after
-- What was found, after a cursor.
SELECT number, finding FROM import_finding WHERE import_id = :import_id AND number > :number ORDER BY number LIMIT :most;

-- name: imports
-- The home's imports, the latest first.
SELECT import_id, home, author, role, batch, format, mapping, day_first, dry_run, keep_likely, state, posted_at, rows, done,
    counts, hash, position
FROM import WHERE home = :home ORDER BY posted_at DESC, import_id LIMIT 100;

-- name: write_mapping!
-- Keep what a home says about its columns.
INSERT INTO import_mapping (home, name, mapping) VALUES (:home, :name, :mapping)
ON CONFLICT (home, name) DO UPDATE SET mapping = excluded.mapping;

-- name: mapping_$
-- What does the home say under this name?
SELECT mapping FROM import_mapping WHERE home = :home AND name = :name;

-- name: mappings
-- Under which names does the home say something?
SELECT name FROM import_mapping WHERE home = :home ORDER BY name;

-- name: work_alone$
-- Nobody else works on this import while the session lasts.
SELECT pg_try_advisory_lock(hashtextextended(:import_id, 0));

-- name: work_is_over!
-- Others may.
SELECT pg_advisory_unlock(hashtextextended(:import_id, 0));
