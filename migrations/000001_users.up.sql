-- Accounts, their roles, addresses, sessions and what administrators did (USER-001..009).
-- Rows are never removed by cascade: an account that traded stays, whoever bans it.

CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    -- A writer that brought its own clock's time keeps it.
    IF NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TABLE users (
    id                uuid        PRIMARY KEY,
    email             text        NOT NULL,
    password_hash     text        NOT NULL,
    first_name        text        NOT NULL,
    last_name         text        NOT NULL,
    phone             text        NOT NULL DEFAULT '',
    shoe_size         text        NOT NULL DEFAULT '',
    status            text        NOT NULL DEFAULT 'active',
    email_verified_at timestamptz,
    seller_terms_at   timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    version           bigint      NOT NULL DEFAULT 1,
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_email_normal CHECK (email = lower(btrim(email)) AND length(email) BETWEEN 3 AND 254),
    CONSTRAINT users_password_hash_bcrypt CHECK (password_hash LIKE '$2_$%'),
    CONSTRAINT users_first_name_length CHECK (length(first_name) BETWEEN 1 AND 100),
    CONSTRAINT users_last_name_length CHECK (length(last_name) BETWEEN 1 AND 100),
    CONSTRAINT users_phone_length CHECK (length(phone) <= 32),
    CONSTRAINT users_shoe_size_length CHECK (length(shoe_size) <= 8),
    CONSTRAINT users_status_known CHECK (status IN ('active', 'banned')),
    CONSTRAINT users_version_positive CHECK (version > 0)
);

CREATE INDEX users_newest_idx ON users (created_at DESC, id DESC);

CREATE TRIGGER users_set_updated_at BEFORE UPDATE ON users
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE user_roles (
    user_id    uuid        NOT NULL REFERENCES users (id),
    role       text        NOT NULL,
    granted_by uuid        REFERENCES users (id), -- null: by the system
    granted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, role),
    CONSTRAINT user_roles_role_known CHECK (role IN
        ('user', 'seller', 'verifier', 'support', 'finance', 'catalog', 'admin', 'owner'))
);

CREATE INDEX user_roles_role_idx ON user_roles (role, user_id) WHERE role <> 'user';
CREATE INDEX user_roles_granted_by_idx ON user_roles (granted_by) WHERE granted_by IS NOT NULL;

-- A marketplace that has an owner keeps one (USER-009).
CREATE FUNCTION keep_an_owner() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM user_roles WHERE role = 'owner' AND user_id <> OLD.user_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the last owner cannot be demoted'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'user_roles_last_owner';
    END IF;
    RETURN OLD;
END
$$;

CREATE TRIGGER user_roles_last_owner BEFORE DELETE ON user_roles
    FOR EACH ROW WHEN (OLD.role = 'owner') EXECUTE FUNCTION keep_an_owner();

CREATE TABLE addresses (
    id          uuid        PRIMARY KEY,
    user_id     uuid        NOT NULL REFERENCES users (id),
    kind        text        NOT NULL,
    recipient   text        NOT NULL,
    line1       text        NOT NULL,
    line2       text        NOT NULL DEFAULT '',
    city        text        NOT NULL,
    region      text        NOT NULL DEFAULT '',
    postal_code text        NOT NULL,
    country     text        NOT NULL,
    phone       text        NOT NULL DEFAULT '',
    is_default  boolean     NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    version     bigint      NOT NULL DEFAULT 1,
    CONSTRAINT addresses_kind_known CHECK (kind IN ('shipping', 'billing')),
    CONSTRAINT addresses_recipient_length CHECK (length(recipient) BETWEEN 1 AND 200),
    CONSTRAINT addresses_line1_length CHECK (length(line1) BETWEEN 1 AND 200),
    CONSTRAINT addresses_line2_length CHECK (length(line2) <= 200),
    CONSTRAINT addresses_city_length CHECK (length(city) BETWEEN 1 AND 100),
    CONSTRAINT addresses_region_length CHECK (length(region) <= 100),
    CONSTRAINT addresses_postal_code_length CHECK (length(postal_code) BETWEEN 1 AND 20),
    CONSTRAINT addresses_country_iso CHECK (country ~ '^[A-Z]{2}$'),
    CONSTRAINT addresses_phone_length CHECK (length(phone) <= 32),
    CONSTRAINT addresses_version_positive CHECK (version > 0)
);

-- At most one default per account and kind (USER-008).
CREATE UNIQUE INDEX addresses_one_default_idx ON addresses (user_id, kind) WHERE is_default;
CREATE INDEX addresses_newest_idx ON addresses (user_id, created_at DESC, id DESC);

CREATE TRIGGER addresses_set_updated_at BEFORE UPDATE ON addresses
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE sessions (
    id             uuid        PRIMARY KEY,
    user_id        uuid        NOT NULL REFERENCES users (id),
    device         text        NOT NULL DEFAULT '',
    ip             text        NOT NULL DEFAULT '',
    ip_prefix      text        NOT NULL DEFAULT '', -- /24 or /48 of ip
    created_at     timestamptz NOT NULL DEFAULT now(),
    last_used_at   timestamptz NOT NULL DEFAULT now(),
    expires_at     timestamptz NOT NULL,
    revoked_at     timestamptz,
    revoked_reason text,
    CONSTRAINT sessions_device_length CHECK (length(device) <= 300),
    CONSTRAINT sessions_revoked_reason_known CHECK (revoked_reason IN
        ('logout', 'revoked', 'password_changed', 'banned', 'token_reused')),
    CONSTRAINT sessions_revoked_with_reason CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);

CREATE INDEX sessions_newest_idx ON sessions (user_id, created_at DESC, id DESC);
CREATE INDEX sessions_expires_idx ON sessions (expires_at);

-- Every refresh token ever handed out and not yet expired; only its SHA-256 (USER-005).
CREATE TABLE refresh_tokens (
    token_hash bytea       PRIMARY KEY,
    session_id uuid        NOT NULL REFERENCES sessions (id),
    parent     bytea       REFERENCES refresh_tokens (token_hash) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz, -- when it was exchanged for its child
    CONSTRAINT refresh_tokens_hash_sha256 CHECK (length(token_hash) = 32),
    CONSTRAINT refresh_tokens_parent_key UNIQUE (parent) -- one child each
);

CREATE INDEX refresh_tokens_session_idx ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_expires_idx ON refresh_tokens (expires_at);

-- What was done to accounts, by whom, with the value before and after; written
-- in the transaction of the change and never altered (USER-009).
CREATE TABLE user_audit (
    id         uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES users (id),
    actor_id   uuid        REFERENCES users (id), -- null: the system
    action     text        NOT NULL,
    old_value  jsonb       NOT NULL,
    new_value  jsonb       NOT NULL,
    reason     text        NOT NULL DEFAULT '',
    request_id text        NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_audit_action_known CHECK (action IN
        ('owner_created', 'roles_changed', 'seller_terms_accepted', 'banned', 'unbanned',
         'password_changed', 'token_reused'))
);

CREATE INDEX user_audit_user_idx ON user_audit (user_id, created_at DESC);
CREATE INDEX user_audit_actor_idx ON user_audit (actor_id) WHERE actor_id IS NOT NULL;

CREATE TRIGGER user_audit_append_only BEFORE UPDATE OR DELETE ON user_audit
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER user_audit_no_truncate BEFORE TRUNCATE ON user_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What other services are told of accounts, written in the transaction of the change.
-- Positions are given under the lock of the head, so they are the order of commits (EVENT-001).
CREATE TABLE user_outbox_head (
    seq bigint NOT NULL CONSTRAINT user_outbox_head_positive CHECK (seq >= 0)
);
INSERT INTO user_outbox_head (seq) VALUES (0);
CREATE UNIQUE INDEX user_outbox_head_one_idx ON user_outbox_head ((true));

CREATE TABLE user_outbox (
    seq     bigint      PRIMARY KEY,
    at      timestamptz NOT NULL,
    kind    text        NOT NULL, -- the full name of the payload's message
    payload bytea       NOT NULL,
    CONSTRAINT user_outbox_seq_positive CHECK (seq > 0),
    CONSTRAINT user_outbox_kind_named CHECK (kind LIKE 'user.v1.%')
);
CREATE INDEX user_outbox_at_idx ON user_outbox (at);

CREATE TRIGGER user_outbox_append_only BEFORE UPDATE ON user_outbox
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
