-- Accounts: people, who sign in, and programs, which only hold tokens. The account stands as author in the ledger, so it is
-- no person's name; names are here, where they can be changed and taken away.
CREATE TABLE account (
    account       text PRIMARY KEY,
    home          text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('person', 'program')),
    sign_in_name  text UNIQUE,
    shown_name    text NOT NULL,
    password_hash text,
    issuer        text,
    subject       text,
    language      text NOT NULL,
    made_at       timestamptz NOT NULL,
    disabled_at   timestamptz,
    UNIQUE (issuer, subject)
);

-- What an account is to a home. Those of an identity provider are set anew at each sign-in through it.
CREATE TABLE membership (
    account       text NOT NULL REFERENCES account,
    home          text NOT NULL,
    role          text NOT NULL,
    partnerships  text[],
    from_provider boolean NOT NULL DEFAULT false,
    PRIMARY KEY (account, home, role)
);
CREATE INDEX membership_of_home ON membership (home, role);

-- Tokens of programs, as hashes.
CREATE TABLE token (
    token      uuid PRIMARY KEY,
    token_hash text NOT NULL UNIQUE,
    account    text NOT NULL REFERENCES account,
    home       text NOT NULL,
    role       text NOT NULL,
    scopes     text[],
    label      text NOT NULL,
    made_by    text NOT NULL,
    made_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX token_of_account ON token (account);

-- Sessions of people; home and role are the membership that is active in it.
CREATE TABLE session (
    session     uuid PRIMARY KEY,
    secret_hash text NOT NULL UNIQUE,
    account     text NOT NULL REFERENCES account,
    home        text NOT NULL,
    role        text NOT NULL,
    begun_at    timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    address     text NOT NULL,
    agent       text NOT NULL
);
CREATE INDEX session_of_account ON session (account) WHERE ended_at IS NULL;

-- When a token or a session was last used, to within a second or two.
CREATE TABLE used (
    credential uuid PRIMARY KEY,
    used_at    timestamptz NOT NULL
);

-- Moved on in every transaction that takes something away from a token or a session: what is remembered of them is right
-- as long as this number is the same.
CREATE TABLE generation (
    number bigint NOT NULL
);
INSERT INTO generation VALUES (1);

CREATE FUNCTION move_generation_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE access.generation SET number = number + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER moves_generation_on AFTER UPDATE OR DELETE ON account
    FOR EACH STATEMENT EXECUTE FUNCTION move_generation_on();
CREATE TRIGGER moves_generation_on AFTER UPDATE OR DELETE ON membership
    FOR EACH STATEMENT EXECUTE FUNCTION move_generation_on();
CREATE TRIGGER moves_generation_on AFTER UPDATE OR DELETE ON token
    FOR EACH STATEMENT EXECUTE FUNCTION move_generation_on();
CREATE TRIGGER moves_generation_on AFTER UPDATE OR DELETE ON session
    FOR EACH STATEMENT EXECUTE FUNCTION move_generation_on();

-- One-time links by which a person sets a password, as hashes.
CREATE TABLE link (
    link_hash  text PRIMARY KEY,
    account    text NOT NULL REFERENCES account,
    made_by    text NOT NULL,
    made_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

-- Attempts to sign in that have not succeeded. The name is a hash: people type passwords into the wrong field.
CREATE TABLE attempt (
    attempt   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name_hash text NOT NULL,
    address   text NOT NULL,
    at        timestamptz NOT NULL
);
CREATE INDEX attempt_by_name ON attempt (name_hash, at);
CREATE INDEX attempt_by_address ON attempt (address, at);

-- Sign-ins under way at the identity provider; taken out when the person comes back.
CREATE TABLE visit_to_provider (
    state_hash    text PRIMARY KEY,
    browser_hash  text NOT NULL,
    nonce         text NOT NULL,
    code_verifier text NOT NULL,
    next          text NOT NULL,
    begun_at      timestamptz NOT NULL
);

-- Who did what, when, from where, and what was refused. Nobody who serves requests may change or delete a row.
CREATE TABLE audit (
    number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    kind    text NOT NULL,
    account text,
    home    text,
    role    text,
    address text,
    what    jsonb NOT NULL
);
CREATE INDEX audit_of_home ON audit (home, number);
