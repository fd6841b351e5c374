-- name: is_alert$
-- Is there such an alert, of a partnership that may be seen?
SELECT EXISTS (SELECT FROM alert WHERE home = :home AND alert = :alert
    AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[])));

-- name: acknowledgements
-- Who has seen to which alerts, of partnerships that may be seen?
SELECT acknowledgement.alert, account, note, at FROM acknowledgement JOIN alert USING (home, alert)
WHERE home = :home AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
ORDER BY at DESC, acknowledgement.alert LIMIT :most;

-- name: acknowledged
-- Who has seen to these alerts?
SELECT acknowledgement.alert, account AS by, at, note
FROM unnest(:homes::text[], :alerts::uuid[]) AS asked (home, alert) JOIN acknowledgement USING (home, alert);

-- name: acknowledge^
-- Somebody sees to an alert, if nobody else does.
INSERT INTO acknowledgement (home, alert, account, note, at) VALUES (:home, :alert, :account, :note, :at)
ON CONFLICT (home, alert) DO UPDATE SET note = excluded.note, at = excluded.at
    WHERE acknowledgement.account = excluded.account
RETURNING alert, account, note, at;

-- name: take_back$
-- Nobody sees to it any more.
WITH gone AS (
    DELETE FROM acknowledgement
    WHERE home = :home AND alert = :alert AND (:account::text IS NULL OR account = :account) RETURNING alert
)
SELECT count(*) FROM gone;
