-- name: write_alerts!
-- Keep alerts, for ever.
INSERT INTO alert (home, alert, partnership, kind, rule, by_law, crossed, due, raised_on, position, raised_at, about, document)
SELECT home, alert, partnership, kind, rule, by_law, crossed::smallint[], due, raised_on, position, raised_at, about,
       document::json
FROM unnest(:homes::text[], :alerts::uuid[], :partnerships::text[], :kinds::text[], :rules::text[], :by_law::boolean[],
    :crossed::text[], :due::date[], :raised_on::date[], :positions::bigint[], :raised_at::timestamptz[], :about::uuid[],
    :documents::text[])
    AS raised (home, alert, partnership, kind, rule, by_law, crossed, due, raised_on, position, raised_at, about, document);

-- name: put_into_outbox!
-- Hand alerts on to those who deliver them.
INSERT INTO outbox (home, alert, partnership, position, raised_at, traceparent)
SELECT * FROM unnest(:homes::text[], :alerts::uuid[], :partnerships::text[], :positions::bigint[], :raised_at::timestamptz[],
    :traceparents::text[]);

-- name: documents_of
-- What was said in these alerts?
SELECT alert, document FROM alert WHERE home = :home AND alert = ANY(:alerts::uuid[]);

-- name: alerts_before
-- Which alerts were raised up to a position, before one of them, the latest first, of those that may be seen?
SELECT home, alert, partnership, kind, rule, by_law, crossed, due, raised_on, position, raised_at, about, document
FROM alert
WHERE (:home::text IS NULL OR home = :home) AND position <= :up_to
  AND (:position::bigint IS NULL OR (position, alert) < (:position, :alert::uuid))
  AND (:partnership::text IS NULL OR partnership = :partnership)
  AND (:kinds::text[] IS NULL OR kind = ANY(:kinds::text[]))
  AND (NOT :by_law_only::boolean OR by_law)
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
ORDER BY position DESC, alert DESC LIMIT :most;

-- name: alerts_after
-- Which were raised after one of them, in order?
SELECT home, alert, partnership, kind, rule, by_law, crossed, due, raised_on, position, raised_at, about, document
FROM alert
WHERE (:home::text IS NULL OR home = :home) AND position <= :up_to AND (position, alert) > (:position, :alert::uuid)
  AND (:partnership::text IS NULL OR partnership = :partnership)
  AND (:kinds::text[] IS NULL OR kind = ANY(:kinds::text[]))
  AND (NOT :by_law_only::boolean OR by_law)
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
ORDER BY position, alert LIMIT :most;

-- name: alert_of^
-- What does one of them say?
SELECT home, alert, partnership, kind, rule, by_law, crossed, due, raised_on, position, raised_at, about, document
FROM alert
WHERE home = :home AND alert = :alert AND position <= :up_to
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]));

-- name: watches
-- What was announced of these partnerships?
SELECT partnership, document FROM watch WHERE home = :home AND partnership = ANY(:partnerships::text[]);

-- name: write_watches!
-- Keep what was announced of partnerships.
INSERT INTO watch (home, partnership, document)
SELECT :home, partnership, document::json
FROM unnest(:partnerships::text[], :documents::text[]) AS watched (partnership, document)
ON CONFLICT (home, partnership) DO UPDATE SET document = excluded.document;

-- name: drop_watches!
-- These partnerships are not watched any more.
DELETE FROM watch WHERE home = :home AND partnership = ANY(:partnerships::text[]);

-- name: titles_of
-- What are these activities called?
SELECT activity, facts->'title' AS title FROM activity WHERE home = :home AND activity = ANY(:activities::uuid[]);
