-- Who works on which partitions. Leases run by the database's clock, which all workers share; no fact depends on it.

-- name: shares_balanced_by_one!
-- Nobody else balances this projection's shares until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/' || :projection, 0));

-- name: note_worker!
-- This worker is there, in this session.
INSERT INTO worker (projection, worker, session_pid, session_began, seen_at)
SELECT :projection, :worker, pid, backend_start, clock_timestamp() FROM pg_stat_activity WHERE pid = pg_backend_pid()
ON CONFLICT (projection, worker) DO UPDATE SET session_pid = excluded.session_pid,
    session_began = excluded.session_began, seen_at = excluded.seen_at;

-- name: forget_dead_workers!
-- Who has no session any more, or was not seen for long, works no more.
DELETE FROM worker
WHERE projection = :projection AND (seen_at < clock_timestamp() - make_interval(secs => :silence_seconds)
    OR NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = session_pid AND backend_start = session_began));

-- name: leave!
-- This worker works no more.
DELETE FROM worker WHERE projection = :projection AND worker = :worker;

-- name: workers
-- Who works on this projection?
SELECT worker FROM worker WHERE projection = :projection ORDER BY worker;

-- name: shares
-- Which shares are there, where do they stand, and which living worker has each?
SELECT first_partition, last_partition, fence, position, hash, recorded_at, worker.worker
FROM checkpoint LEFT JOIN worker USING (projection, worker)
WHERE projection = :projection ORDER BY first_partition;

-- name: take_share!
-- A share changes hands.
UPDATE checkpoint SET worker = :worker, fence = fence + 1
WHERE projection = :projection AND first_partition = :first_partition;

-- name: split_share!
-- A share becomes two; the upper one is nobody's.
WITH lower AS (
    UPDATE checkpoint SET last_partition = :from_partition - 1, fence = fence + 1
    WHERE projection = :projection AND first_partition = :first_partition
    RETURNING position, hash, recorded_at, fence
)
INSERT INTO checkpoint (projection, first_partition, last_partition, position, hash, recorded_at, fence)
SELECT :projection, :from_partition, :last_partition, position, hash, recorded_at, fence FROM lower;

-- name: join_shares!
-- Two shares next to each other, at the same event, become one.
WITH upper AS (
    DELETE FROM checkpoint AS upper USING checkpoint AS lower
    WHERE upper.projection = :projection AND lower.projection = :projection
      AND lower.first_partition = :first_partition AND upper.first_partition = lower.last_partition + 1
      AND upper.position = lower.position AND upper.hash = lower.hash AND upper.worker = lower.worker
    RETURNING upper.last_partition, upper.fence
)
UPDATE checkpoint SET last_partition = upper.last_partition, fence = greatest(checkpoint.fence, upper.fence) + 1
FROM upper WHERE projection = :projection AND first_partition = :first_partition;
