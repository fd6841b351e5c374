-- name: homes_in
-- What is known of these homes?
SELECT home, time_zone, facts FROM home WHERE home = ANY(:homes::text[]);

-- name: all_homes
-- Which homes were opened?
SELECT home, time_zone, facts FROM home ORDER BY home;

-- name: write_home!
-- A home begins, or says something else of itself; its time zone stays as it is.
INSERT INTO home (home, time_zone, facts) VALUES (:home, :time_zone, :facts::text::jsonb)
ON CONFLICT (home) DO UPDATE SET facts = excluded.facts;
