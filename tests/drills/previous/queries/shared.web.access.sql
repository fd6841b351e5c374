-- name: generation$
-- Has anything been taken away from a token or a session since?
SELECT number FROM access.generation;

-- name: token_shown^
-- The token of this hash with all that decides whether it admits; with the generation of the same moment.
SELECT generation.number AS generation, token.token AS id, token.account, token.home, token.role, token.scopes,
       NULL::uuid AS session, token.expires_at, token.revoked_at AS ended_at, NULL::timestamptz AS used_at,
       account.disabled_at IS NOT NULL AS is_disabled, membership.account IS NOT NULL AS is_member, membership.partnerships
FROM access.generation
LEFT JOIN access.token ON token.token_hash = :shown
LEFT JOIN access.account ON account.account = token.account
LEFT JOIN access.membership
    ON membership.account = token.account AND membership.home = token.home AND membership.role = token.role;

-- name: session_shown^
-- The session of this hash with all that decides whether it admits; with the generation of the same moment.
SELECT generation.number AS generation, session.session AS id, session.account, session.home, session.role,
       NULL::text[] AS scopes, session.session, session.expires_at, session.ended_at,
       coalesce(used.used_at, session.begun_at) AS used_at,
       account.disabled_at IS NOT NULL AS is_disabled, membership.account IS NOT NULL AS is_member, membership.partnerships
FROM access.generation
LEFT JOIN access.session ON session.secret_hash = :shown
LEFT JOIN access.account ON account.account = session.account
LEFT JOIN access.membership
    ON membership.account = session.account AND membership.home = session.home AND membership.role = session.role
LEFT JOIN access.used ON used.credential = session.session;

-- name: write_used!
-- Note when tokens and sessions were last used.
INSERT INTO access.used (credential, used_at)
SELECT credential, used_at FROM unnest(:credentials::uuid[], :used_at::timestamptz[]) AS seen (credential, used_at)
ON CONFLICT (credential) DO UPDATE SET used_at = greatest(used.used_at, excluded.used_at);

-- name: write_audit!
-- Keep what was done or refused.
INSERT INTO access.audit (at, kind, account, home, role, address, what)
VALUES (:at, :kind, :account, :home, :role, :address, :what);
