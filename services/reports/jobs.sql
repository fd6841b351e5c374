-- name: one_at_a_time!
-- Whoever asks for this account waits until this transaction is over, so that the bound of its queue holds.
SELECT pg_advisory_xact_lock(hashtextextended('jobs of ' || :owner, 0));

-- name: unfinished_of$
-- How many jobs of an account wait or are worked on?
SELECT count(*) FROM job WHERE home = :home AND owner = :owner AND state IN ('queued', 'running');

-- name: begin_job!
-- Somebody asks for long work.
INSERT INTO job (job, home, owner, role, partnerships, kind, asked, posted_at)
VALUES (:job, :home, :owner, :role, :partnerships, :kind, :asked, clock_timestamp());

-- name: job_^
-- A job of one's own as it stands.
SELECT job, home, owner, role, partnerships, kind, asked, state, step, done, steps, posted_at, ended_at, result,
    problem FROM job
WHERE home = :home AND owner = :owner AND job = :job;

-- name: jobs_of
-- An account's jobs, the latest first.
SELECT job, home, owner, role, partnerships, kind, asked, state, step, done, steps, posted_at, ended_at, result,
    problem FROM job
WHERE home = :home AND owner = :owner ORDER BY posted_at DESC, job LIMIT 100;

-- name: jobs_by_state
-- How many jobs of all accounts wait, and how many are worked on?
SELECT state, count(*) AS jobs FROM job WHERE state IN ('queued', 'running') GROUP BY state;

-- name: take_job^
-- Take a job that waits, or one whose worker has not been heard of any more. Accounts take turns: first comes whoever was
-- served longest ago, and of theirs the job that was asked for first.
UPDATE job SET state = 'running', worker = :worker, attempts = attempts + 1, step = 'beginning', done = 0,
    begun_at = clock_timestamp(), leased_until = clock_timestamp() + make_interval(secs => :lease_seconds)
WHERE job = (
    SELECT job FROM job AS waiting
    WHERE (state = 'queued' OR (state = 'running' AND leased_until < clock_timestamp())) AND attempts < :most_attempts
    ORDER BY (SELECT max(begun_at) FROM job AS other WHERE other.home = waiting.home AND other.owner = waiting.owner)
        NULLS FIRST, posted_at, job
    FOR UPDATE SKIP LOCKED LIMIT 1)
RETURNING job, home, owner, role, partnerships, kind, asked, state, step, done, steps, posted_at, ended_at, result,
    problem;

-- name: note_progress$
-- Its worker lives and has come so far; no row where the job was cancelled or is another's.
UPDATE job SET step = :step, done = :done, steps = :steps,
    leased_until = clock_timestamp() + make_interval(secs => :lease_seconds)
WHERE job = :job AND worker = :worker AND state = 'running'
RETURNING job;

-- name: end_job$
-- A job is over; no row where it was cancelled or is another's.
UPDATE job SET state = :state, result = :result, problem = :problem, ended_at = clock_timestamp(), worker = NULL,
    leased_until = NULL, step = :state, done = CASE WHEN :state = 'done' THEN steps ELSE done END
WHERE job = :job AND worker = :worker AND state = 'running'
RETURNING job;

-- name: let_go!
-- A worker that ends in good order gives back what it worked on; that was no attempt.
UPDATE job SET state = 'queued', step = 'waiting', worker = NULL, leased_until = NULL, attempts = attempts - 1
WHERE worker = :worker AND state = 'running';

-- name: give_up!
-- What ended its workers again and again would do so for ever.
UPDATE job SET state = 'failed', step = 'failed', ended_at = clock_timestamp(), worker = NULL, leased_until = NULL,
    problem = :problem
WHERE state = 'running' AND leased_until < clock_timestamp() AND attempts >= :most_attempts;

-- name: cancel_job$
-- Cancel a job of one's own that is not over; no row where it is.
UPDATE job SET state = 'cancelled', step = 'cancelled', ended_at = clock_timestamp(), worker = NULL, leased_until = NULL
WHERE home = :home AND owner = :owner AND job = :job AND state IN ('queued', 'running')
RETURNING job;

-- name: drop_old_jobs!
-- What is over is told of for some days only.
DELETE FROM job WHERE ended_at < now() - make_interval(secs => :seconds);

-- name: keep_bytes!
-- Keep bytes under their hash; those that are there already begin their days anew.
INSERT INTO report_bytes (hash, bytes, kept_at) VALUES (:hash, :bytes, now())
ON CONFLICT (hash) DO UPDATE SET bytes = excluded.bytes, kept_at = excluded.kept_at;

-- name: drop_old_bytes!
-- What nobody has issued is kept for some days only.
DELETE FROM report_bytes
WHERE kept_at < now() - make_interval(secs => :seconds)
  AND NOT EXISTS (SELECT FROM issued WHERE issued.hash = report_bytes.hash)
  AND NOT EXISTS (SELECT FROM issued WHERE issued.content = report_bytes.hash);
