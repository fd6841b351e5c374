-- name: alerts_after
-- Which alerts were raised after one, up to a position, in order; of a home or of all, of some kinds, of those that may be seen?
SELECT home, alert, partnership, kind, by_law, position, raised_at, document::text FROM alert
WHERE (position, alert) > (:position, :alert) AND position <= :until
  AND (:since::timestamptz IS NULL OR raised_at >= :since)
  AND (:home::text IS NULL OR home = :home) AND (:partnership::text IS NULL OR partnership = :partnership)
  AND (:kinds::text[] IS NULL OR kind = ANY(:kinds::text[]))
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
  AND (NOT :by_law_only::boolean OR by_law)
ORDER BY position, alert LIMIT :most;

-- name: count_alerts$
-- How many alerts of a home were raised up to a position, of some kinds, of those that may be seen?
SELECT count(*) FROM alert
WHERE home = :home AND position <= :until AND (:partnership::text IS NULL OR partnership = :partnership)
  AND (:kinds::text[] IS NULL OR kind = ANY(:kinds::text[]))
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[])) AND (NOT :by_law_only::boolean OR by_law);

-- name: alerts_counted_off
-- Of the same alerts, in order: those after the first so many.
SELECT home, alert, partnership, kind, by_law, position, raised_at, document::text FROM alert
WHERE home = :home AND position <= :until AND (:partnership::text IS NULL OR partnership = :partnership)
  AND (:kinds::text[] IS NULL OR kind = ANY(:kinds::text[]))
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
  AND (NOT :by_law_only::boolean OR by_law)
ORDER BY position, alert OFFSET :first LIMIT :most;

-- name: ratings_of_home
-- How does each partnership of a home stand, of those that may be seen, all or one; and since which event?
SELECT partnership, rated_on, position, recorded_at, summary FROM rating
WHERE home = :home AND (:partnership::text IS NULL OR partnership = :partnership)
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
ORDER BY partnership;

-- name: memoranda_of
-- Until when does the memorandum hold that each of these partnerships signed or renewed last?
SELECT DISTINCT ON (partnership) partnership, event_id, valid_until FROM memorandum
WHERE home = :home AND partnership = ANY(:partnerships::text[]) ORDER BY partnership, position DESC;

-- name: agreements_of
-- Which documents of these partnerships name the last day on which they hold?
SELECT partnership, activity, facts->'title' AS title, (facts->>'valid_until')::date AS valid_until FROM activity
WHERE home = :home AND partnership = ANY(:partnerships::text[]) AND withdrawn_by IS NULL AND facts->>'outcome' = 'held'
  AND facts->>'valid_until' IS NOT NULL
ORDER BY activity;

-- name: plans_of
-- What do these partnerships plan?
SELECT partnership, activity, facts->'title' AS title, facts->>'occurred' AS occurred, facts->>'place' AS place
FROM activity
WHERE home = :home AND partnership = ANY(:partnerships::text[]) AND withdrawn_by IS NULL AND facts->>'outcome' = 'planned'
ORDER BY activity;

-- name: begin_publishing!
-- Begin to publish, unless it has begun.
INSERT INTO published (home, partnership, position, alert) VALUES ('', '', 0, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ON CONFLICT DO NOTHING;

-- name: take_turn^
-- Up to which alert are all published? Nothing where another process publishes just now.
SELECT position, alert FROM published WHERE home = '' AND partnership = '' FOR UPDATE SKIP LOCKED;

-- name: held_back
-- Of what is something held up that was not before, and up to which position is it published? A name that is empty stands
-- for a whole home.
SELECT home, partnership, min(position) - 1 AS position FROM parked
WHERE NOT EXISTS (SELECT FROM published WHERE published.home = parked.home AND published.partnership = parked.partnership)
GROUP BY home, partnership;

-- name: let_go
-- What was held up, and is not any more?
SELECT home, partnership, position, alert FROM published
WHERE home <> '' AND NOT EXISTS (
    SELECT FROM parked WHERE parked.home = published.home AND parked.partnership = published.partnership
)
ORDER BY home, partnership;

-- name: write_published!
-- All up to this alert are published: of everything, or of what was held up.
INSERT INTO published (home, partnership, position, alert) VALUES (:home, :partnership, :position, :alert)
ON CONFLICT (home, partnership) DO UPDATE SET position = excluded.position, alert = excluded.alert;

-- name: forget_published!
-- What was held up is published.
DELETE FROM published WHERE home = :home AND partnership = :partnership;
