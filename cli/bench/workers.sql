-- name: loads
-- How many partitions has each worker that is known to be there?
SELECT sum(last_partition - first_partition + 1)::integer AS partitions
FROM checkpoint JOIN worker USING (projection, worker) WHERE projection = :projection GROUP BY worker;

-- name: reached$
-- How far has the share come that is behind most?
SELECT coalesce(min(position), 0) FROM checkpoint WHERE projection = :projection;
