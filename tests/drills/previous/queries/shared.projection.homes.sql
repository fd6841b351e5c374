-- name: home_before^
-- What did a home say of itself before a position?
SELECT home, time_zone, facts FROM home
WHERE home = :home AND position < :position ORDER BY position DESC LIMIT 1;

-- name: home_now^
-- What does a home say of itself?
SELECT home, time_zone, facts FROM home WHERE home = :home ORDER BY position DESC LIMIT 1;

-- name: homes_now
-- What does every home say of itself?
SELECT DISTINCT ON (home) home, time_zone, facts FROM home ORDER BY home, position DESC;

-- name: write_home!
-- A home begins, or says something else of itself, from a position on; every worker writes the same.
INSERT INTO home (home, position, time_zone, facts) VALUES (:home, :position, :time_zone, :facts::text::jsonb)
ON CONFLICT (home, position) DO NOTHING;
