-- name: slugs
-- Which partnerships does the home have?
SELECT partnership FROM partnership WHERE home = :home ORDER BY partnership;

-- name: last_closed_day$
-- Which of the home's days was closed last?
SELECT day FROM closed_day WHERE home = :home;

-- name: close_day!
-- Note that a day was closed; days are closed in order.
INSERT INTO closed_day (home, day) VALUES (:home, :day)
ON CONFLICT (home) DO UPDATE SET day = greatest(closed_day.day, excluded.day);
