-- name: write_account!
-- A person or a program is known from now on.
INSERT INTO account (account, home, kind, sign_in_name, shown_name, issuer, subject, language, made_at)
VALUES (:account, :home, :kind, :sign_in_name, :shown_name, :issuer, :subject, :language, :made_at)
ON CONFLICT (account) DO NOTHING;

-- name: account_named^
-- Whom does this name for signing in stand for?
SELECT account, home, kind, sign_in_name, shown_name, password_hash, language, disabled_at FROM account
WHERE sign_in_name = :sign_in_name;

-- name: account_of_subject^
-- Whom does the identity provider mean?
SELECT account, home, kind, sign_in_name, shown_name, password_hash, language, disabled_at FROM account
WHERE issuer = :issuer AND subject = :subject;

-- name: account_of^
-- The account, whoever it is.
SELECT account, home, kind, sign_in_name, shown_name, password_hash, language, disabled_at FROM account
WHERE account = :account;

-- name: people_of_home
-- The accounts of a home, and those of other homes that are something here, each with what it is here.
SELECT account.account, account.home, account.kind, account.sign_in_name, account.shown_name, account.disabled_at,
       account.password_hash IS NOT NULL AS has_password, account.subject IS NOT NULL AS has_provider,
       coalesce(json_agg(json_build_object('home', membership.home, 'role', membership.role,
           'partnerships', membership.partnerships, 'from_provider', membership.from_provider)
           ORDER BY membership.home, membership.role)
           FILTER (WHERE membership.account IS NOT NULL), '[]') AS memberships
FROM account
LEFT JOIN membership ON membership.account = account.account AND (membership.home = :home OR :home::text IS NULL)
WHERE :home::text IS NULL OR account.home = :home OR membership.home = :home
GROUP BY account.account
ORDER BY account.kind, account.shown_name, account.account;

-- name: has_administrator$
-- Is there a person who can sign in and is an administrator of the home?
SELECT EXISTS (
    SELECT FROM account JOIN membership USING (account)
    WHERE membership.home = :home AND membership.role = 'administrator' AND account.kind = 'person'
      AND account.disabled_at IS NULL AND (account.password_hash IS NOT NULL OR account.subject IS NOT NULL)
);

-- name: invited_administrator$
-- Who was invited to be the first administrator and has not come?
SELECT account.account FROM account JOIN membership USING (account)
WHERE membership.home = :home AND membership.role = 'administrator' AND account.kind = 'person'
  AND account.disabled_at IS NULL AND account.password_hash IS NULL AND account.sign_in_name IS NULL
  AND account.subject IS NULL
ORDER BY account.made_at LIMIT 1;

-- name: set_password!
-- The person chose a password, and a name where there was none.
UPDATE account SET password_hash = :password_hash, sign_in_name = coalesce(sign_in_name, :sign_in_name),
    shown_name = CASE WHEN sign_in_name IS NULL THEN :sign_in_name ELSE shown_name END
WHERE account = :account;

-- name: set_language!
-- The person reads this language.
UPDATE account SET language = :language WHERE account = :account;

-- name: disable!
-- Nobody comes in by this account any more.
UPDATE account SET disabled_at = :at WHERE account = :account AND disabled_at IS NULL;

-- name: enable!
-- The account admits again.
UPDATE account SET disabled_at = NULL WHERE account = :account;

-- name: memberships_of
-- What is this account, in which homes?
SELECT home, role, partnerships, from_provider FROM membership WHERE account = :account ORDER BY home, role;

-- name: write_membership!
-- The account is this to the home from now on.
INSERT INTO membership (account, home, role, partnerships, from_provider)
VALUES (:account, :home, :role, :partnerships, :from_provider)
ON CONFLICT (account, home, role) DO UPDATE SET partnerships = excluded.partnerships,
    from_provider = excluded.from_provider;

-- name: drop_membership$
-- The account is this to the home no more.
DELETE FROM membership WHERE account = :account AND home = :home AND role = :role RETURNING account;

-- name: drop_provided_memberships!
-- What the identity provider said last time does not count this time.
DELETE FROM membership WHERE account = :account AND from_provider
AND NOT (home || '/' || role = ANY(:kept::text[]));

-- name: write_session!
-- The person is in.
INSERT INTO session (session, secret_hash, account, home, role, begun_at, expires_at, address, agent)
VALUES (:session, :secret_hash, :account, :home, :role, :begun_at, :expires_at, :address, :agent);

-- name: move_session!
-- The person acts for another home, or as something else.
UPDATE session SET home = :home, role = :role WHERE session = :session AND ended_at IS NULL;

-- name: end_session$
-- This session is over.
UPDATE session SET ended_at = :at WHERE session = :session AND account = :account AND ended_at IS NULL RETURNING session;

-- name: end_sessions!
-- All sessions of the account are over.
UPDATE session SET ended_at = :at WHERE account = :account AND ended_at IS NULL;

-- name: sessions_of
-- Where is this account signed in?
SELECT session.session, session.home, session.role, session.begun_at, session.expires_at, session.address, session.agent,
       coalesce(used.used_at, session.begun_at) AS used_at
FROM session LEFT JOIN used ON used.credential = session.session
WHERE session.account = :account AND session.ended_at IS NULL AND session.expires_at > :at
ORDER BY session.begun_at DESC;

-- name: write_token!
-- A program may come in with this token.
INSERT INTO token (token, token_hash, account, home, role, scopes, label, made_by, made_at, expires_at)
VALUES (:token, :token_hash, :account, :home, :role, :scopes, :label, :made_by, :made_at, :expires_at);

-- name: revoke_token^
-- This token admits nobody any more; as its own account, or as whoever looks after its home.
UPDATE token SET revoked_at = :at
WHERE token = :token AND revoked_at IS NULL
  AND (account = :account OR home = :home OR (:account::text IS NULL AND :home::text IS NULL))
RETURNING token, account, home, role, label;

-- name: tokens
-- The tokens of an account, of a home, or all; those long gone left out.
SELECT token.token, token.account, token.home, token.role, token.scopes, token.label, token.made_by, token.made_at,
       token.expires_at, token.revoked_at, used.used_at
FROM token LEFT JOIN used ON used.credential = token.token
WHERE (:account::text IS NULL OR token.account = :account) AND (:home::text IS NULL OR token.home = :home)
ORDER BY token.revoked_at IS NOT NULL, token.made_at DESC, token.token LIMIT 500;

-- name: tokens_that_live
-- Which of these hashes stand for tokens that admit?
SELECT token_hash FROM token
WHERE token_hash = ANY(:hashes::text[]) AND revoked_at IS NULL AND expires_at > :at;

-- name: write_link!
-- Whoever holds this link may set the account's password once.
INSERT INTO link (link_hash, account, made_by, made_at, expires_at)
VALUES (:link_hash, :account, :made_by, :made_at, :expires_at);

-- name: drop_links!
-- Older links of the account are worth nothing.
DELETE FROM link WHERE account = :account;

-- name: link_of^
-- Whose link is this?
SELECT link.account, link.expires_at, account.home, account.sign_in_name, account.shown_name, account.disabled_at,
       account.language
FROM link JOIN account USING (account) WHERE link.link_hash = :link_hash;

-- name: use_link$
-- The link is used up; no row where somebody else was first.
DELETE FROM link WHERE link_hash = :link_hash AND expires_at > :at RETURNING account;

-- name: begin_attempt$
-- Somebody tries to sign in.
INSERT INTO attempt (name_hash, address, at) VALUES (:name_hash, :address, :at) RETURNING attempt;

-- name: count_attempts^
-- How many attempts have not succeeded lately, this one among them?
SELECT count(*) FILTER (WHERE name_hash = :name_hash AND address = :address) AS by_name_and_address,
       count(*) FILTER (WHERE name_hash = :name_hash) AS by_name,
       count(*) FILTER (WHERE address = :address) AS by_address
FROM attempt WHERE at > :since AND (name_hash = :name_hash OR address = :address);

-- name: forget_attempts!
-- The right person came: what failed under this name from this address counts no more.
DELETE FROM attempt WHERE name_hash = :name_hash AND address = :address;

-- name: drop_old_attempts!
-- What is too old to count.
DELETE FROM attempt WHERE at <= :before;

-- name: begin_visit!
-- Somebody goes to the identity provider.
INSERT INTO visit_to_provider (state_hash, browser_hash, nonce, code_verifier, next, begun_at)
VALUES (:state_hash, :browser_hash, :nonce, :code_verifier, :next, :begun_at);

-- name: end_visit^
-- Somebody comes back from the identity provider; once.
DELETE FROM visit_to_provider WHERE state_hash = :state_hash
RETURNING browser_hash, nonce, code_verifier, next, begun_at;

-- name: drop_old_visits!
-- Those who never came back.
DELETE FROM visit_to_provider WHERE begun_at <= :before;

-- name: audit_before
-- What was done and refused, the latest first; a home sees its own, and what could not be told apart.
SELECT number, at, kind, account, home, role, address, what FROM audit
WHERE number < :before AND (home = :home OR home IS NULL)
ORDER BY number DESC LIMIT :limit;

-- name: end_session_shown!
-- Whoever signs in again leaves the session that this browser had.
UPDATE session SET ended_at = :at WHERE secret_hash = :secret_hash AND ended_at IS NULL;
