-- name: write_issued*!
-- Keep that a report was issued. Every worker reads what concerns the whole home, and writes the same.
INSERT INTO issued (home, event_id, position, recorded_at, author, kind, partnership, question, made_at, hash, content, versions)
VALUES (:home, :event_id, :position, :recorded_at, :author, :kind, :partnership, :question, :made_at, :hash, :content, :versions)
ON CONFLICT DO NOTHING;

-- name: issued_
-- The reports that were issued, the latest first, as far as they are about partnerships that the reader may see.
SELECT home, event_id, position, recorded_at, author, kind, partnership, question, made_at, hash, content, versions FROM issued
WHERE home = :home
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
  AND (:partnership::text IS NULL OR partnership IS NULL OR partnership = :partnership)
  AND (:before::bigint IS NULL OR position < :before)
ORDER BY position DESC LIMIT :most;

-- name: issued_one^
-- One report that was issued, if the reader may see what it is about.
SELECT home, event_id, position, recorded_at, author, kind, partnership, question, made_at, hash, content, versions FROM issued
WHERE home = :home AND event_id = :event_id
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]));

-- name: bytes_of$
-- The bytes of this hash.
SELECT bytes FROM report_bytes WHERE hash = :hash;

-- name: amendment_of^
-- A correction, a retraction or the reversal of an import: what the ledger holds of it.
SELECT position, recorded_at, type, partnership, payload FROM event
WHERE home = :home AND event_id = :event_id
  AND type IN ('activity.corrected', 'activity.retracted', 'import.reversed')
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]));
