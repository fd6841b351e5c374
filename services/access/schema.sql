-- The tables as the migrations leave them, for reading; written by `python -m tests.support.schema`.

CREATE SCHEMA access;

CREATE FUNCTION access.move_generation_on() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE access.generation SET number = number + 1;
    RETURN NULL;
END
$$;

CREATE TABLE access.account (
    account text NOT NULL,
    home text NOT NULL,
    kind text NOT NULL,
    sign_in_name text,
    shown_name text NOT NULL,
    password_hash text,
    issuer text,
    subject text,
    language text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    disabled_at timestamp with time zone,
    CONSTRAINT account_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'program'::text])))
);

CREATE TABLE access.attempt (
    attempt bigint NOT NULL,
    name_hash text NOT NULL,
    address text NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE access.attempt ALTER COLUMN attempt ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME access.attempt_attempt_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE access.audit (
    number bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    account text,
    home text,
    role text,
    address text,
    what jsonb NOT NULL
);

ALTER TABLE access.audit ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME access.audit_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE access.generation (
    number bigint NOT NULL
);

CREATE TABLE access.link (
    link_hash text NOT NULL,
    account text NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE access.membership (
    account text NOT NULL,
    home text NOT NULL,
    role text NOT NULL,
    partnerships text[],
    from_provider boolean DEFAULT false NOT NULL
);

CREATE TABLE access.migration (
    number integer NOT NULL,
    name text NOT NULL,
    hash text NOT NULL
);

CREATE TABLE access.session (
    session uuid NOT NULL,
    secret_hash text NOT NULL,
    account text NOT NULL,
    home text NOT NULL,
    role text NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    address text NOT NULL,
    agent text NOT NULL
);

CREATE TABLE access.token (
    token uuid NOT NULL,
    token_hash text NOT NULL,
    account text NOT NULL,
    home text NOT NULL,
    role text NOT NULL,
    scopes text[],
    label text NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone
);

CREATE TABLE access.used (
    credential uuid NOT NULL,
    used_at timestamp with time zone NOT NULL
);

CREATE TABLE access.visit_to_provider (
    state_hash text NOT NULL,
    browser_hash text NOT NULL,
    nonce text NOT NULL,
    code_verifier text NOT NULL,
    next text NOT NULL,
    begun_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY access.account
    ADD CONSTRAINT account_issuer_subject_key UNIQUE (issuer, subject);

ALTER TABLE ONLY access.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (account);

ALTER TABLE ONLY access.account
    ADD CONSTRAINT account_sign_in_name_key UNIQUE (sign_in_name);

ALTER TABLE ONLY access.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (attempt);

ALTER TABLE ONLY access.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (number);

ALTER TABLE ONLY access.link
    ADD CONSTRAINT link_pkey PRIMARY KEY (link_hash);

ALTER TABLE ONLY access.membership
    ADD CONSTRAINT membership_pkey PRIMARY KEY (account, home, role);

ALTER TABLE ONLY access.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY access.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (session);

ALTER TABLE ONLY access.session
    ADD CONSTRAINT session_secret_hash_key UNIQUE (secret_hash);

ALTER TABLE ONLY access.token
    ADD CONSTRAINT token_pkey PRIMARY KEY (token);

ALTER TABLE ONLY access.token
    ADD CONSTRAINT token_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY access.used
    ADD CONSTRAINT used_pkey PRIMARY KEY (credential);

ALTER TABLE ONLY access.visit_to_provider
    ADD CONSTRAINT visit_to_provider_pkey PRIMARY KEY (state_hash);

CREATE INDEX attempt_by_address ON access.attempt USING btree (address, at);

CREATE INDEX attempt_by_name ON access.attempt USING btree (name_hash, at);

CREATE INDEX audit_of_home ON access.audit USING btree (home, number);

CREATE INDEX membership_of_home ON access.membership USING btree (home, role);

CREATE INDEX session_of_account ON access.session USING btree (account) WHERE (ended_at IS NULL);

CREATE INDEX token_of_account ON access.token USING btree (account);

CREATE TRIGGER moves_generation_on AFTER DELETE OR UPDATE ON access.account FOR EACH STATEMENT EXECUTE FUNCTION access.move_generation_on();

CREATE TRIGGER moves_generation_on AFTER DELETE OR UPDATE ON access.membership FOR EACH STATEMENT EXECUTE FUNCTION access.move_generation_on();

CREATE TRIGGER moves_generation_on AFTER DELETE OR UPDATE ON access.session FOR EACH STATEMENT EXECUTE FUNCTION access.move_generation_on();

CREATE TRIGGER moves_generation_on AFTER DELETE OR UPDATE ON access.token FOR EACH STATEMENT EXECUTE FUNCTION access.move_generation_on();

ALTER TABLE ONLY access.link
    ADD CONSTRAINT link_account_fkey FOREIGN KEY (account) REFERENCES access.account(account);

ALTER TABLE ONLY access.membership
    ADD CONSTRAINT membership_account_fkey FOREIGN KEY (account) REFERENCES access.account(account);

ALTER TABLE ONLY access.session
    ADD CONSTRAINT session_account_fkey FOREIGN KEY (account) REFERENCES access.account(account);

ALTER TABLE ONLY access.token
    ADD CONSTRAINT token_account_fkey FOREIGN KEY (account) REFERENCES access.account(account);
