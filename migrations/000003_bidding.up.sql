-- The exchange. A shard's single writer commits one batch as fence and one journal
-- row; what the batch did to the tables is written behind it. Prices are minor units of the
-- market's currency. Bids and asks name their market without a foreign key: the
-- market's row comes from the same journal, before them.

CREATE TABLE bidding_slots (
    slot  smallint PRIMARY KEY CHECK (slot BETWEEN 0 AND 255),
    shard smallint NOT NULL
);
CREATE INDEX bidding_slots_shard_idx ON bidding_slots (shard);

CREATE TABLE bidding_shards (
    shard      smallint PRIMARY KEY CHECK (shard BETWEEN 0 AND 255),
    epoch      bigint NOT NULL DEFAULT 0,
    seq        bigint NOT NULL DEFAULT 0,
    n          bigint NOT NULL DEFAULT 0,
    hash       bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(hash) = 32),
    at         timestamptz NOT NULL DEFAULT 'epoch',
    owner      text NOT NULL DEFAULT '',
    addr       text NOT NULL DEFAULT '',
    expires_at timestamptz NOT NULL DEFAULT 'epoch'
) WITH (fillfactor = 10);

ALTER TABLE bidding_slots ADD CONSTRAINT bidding_slots_shard_fkey FOREIGN KEY (shard) REFERENCES bidding_shards (shard);

CREATE TABLE bidding_nodes (
    node    text PRIMARY KEY,
    addr    text NOT NULL,
    seen_at timestamptz NOT NULL
);

-- Two shards to begin with; a market's slot is fixed for ever, its shard is what this table says.
INSERT INTO bidding_shards (shard) VALUES (0), (1);
INSERT INTO bidding_slots (slot, shard) SELECT s, s % 2 FROM generate_series(0, 255) s;

CREATE TABLE bidding_journal (
    shard     smallint NOT NULL,
    seq       bigint NOT NULL,
    epoch     bigint NOT NULL,
    at        timestamptz NOT NULL,
    n         bigint NOT NULL,
    prev_hash bytea NOT NULL CHECK (length(prev_hash) = 32),
    hash      bytea NOT NULL CHECK (length(hash) = 32),
    body      bytea NOT NULL,
    PRIMARY KEY (shard, seq)
);
ALTER TABLE bidding_journal ALTER COLUMN body SET STORAGE EXTERNAL; -- what compressing it spares is not worth its time in the way of every batch

-- The last row of each shard that was moved to an archive: the chain goes on behind it.
CREATE TABLE bidding_archive (
    shard       smallint PRIMARY KEY REFERENCES bidding_shards (shard),
    seq         bigint NOT NULL CHECK (seq > 0),
    epoch       bigint NOT NULL,
    at          timestamptz NOT NULL,
    n           bigint NOT NULL,
    hash        bytea NOT NULL CHECK (length(hash) = 32),
    archived_at timestamptz NOT NULL DEFAULT now()
);

-- bidding_fence moves a shard to its next batch, or fails when somebody else owns
-- it or the batch is not the next one.
CREATE FUNCTION bidding_fence(p_shard smallint, p_epoch bigint, p_seq bigint, p_n bigint, p_hash bytea, p_at timestamptz)
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bidding_shards SET seq = p_seq, n = p_n, hash = p_hash, at = p_at
     WHERE shard = p_shard AND epoch = p_epoch AND seq = p_seq - 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'shard % is not at batch % of epoch %', p_shard, p_seq - 1, p_epoch USING ERRCODE = 'SM001';
    END IF;
END $$;

-- How far the tables below show a shard's journal.
CREATE TABLE bidding_projection (
    shard smallint PRIMARY KEY REFERENCES bidding_shards (shard),
    seq   bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
INSERT INTO bidding_projection (shard) SELECT shard FROM bidding_shards;

-- bidding_projected moves the tables of a shard on, or fails when somebody else has.
CREATE FUNCTION bidding_projected(p_shard smallint, p_after bigint, p_to bigint)
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bidding_projection SET seq = p_to WHERE shard = p_shard AND seq = p_after;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the tables of shard % are not at batch %', p_shard, p_after USING ERRCODE = 'SM001';
    END IF;
END $$;

CREATE TABLE bidding_markets (
    id                 uuid PRIMARY KEY,
    slot               smallint NOT NULL REFERENCES bidding_slots (slot),
    product_id         uuid NOT NULL,
    product_name       text NOT NULL,
    sku                text NOT NULL,
    size_label         text NOT NULL,
    listing_version    bigint NOT NULL, -- of the product when the four above were read
    listed             boolean NOT NULL, -- false: its product left the catalogue, nothing can be placed
    currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    tick               bigint NOT NULL CHECK (tick BETWEEN 1 AND 100000000),
    max_price          bigint NOT NULL CHECK (max_price BETWEEN tick AND 100000000),
    price_rule         text NOT NULL CHECK (price_rule IN ('seller_ask', 'resting')),
    state              text NOT NULL CHECK (state IN ('open', 'post_only', 'halted')),
    version            bigint NOT NULL,
    feed_seq           bigint NOT NULL,
    last_sale_match    bigint,
    last_sale_price    bigint CHECK (last_sale_price > 0),
    last_sale_quantity integer CHECK (last_sale_quantity > 0),
    last_sale_at       timestamptz,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL
);
CREATE INDEX bidding_markets_slot_idx ON bidding_markets (slot);
CREATE INDEX bidding_markets_product_idx ON bidding_markets (product_id, id);

CREATE TABLE bids (
    id              bigint PRIMARY KEY CHECK (id > 0),
    market_id       uuid NOT NULL,
    user_id         uuid NOT NULL,
    price           bigint NOT NULL CHECK (price BETWEEN 1 AND 100000000),
    quantity        integer NOT NULL CHECK (quantity BETWEEN 1 AND 100),
    open_quantity   integer NOT NULL CONSTRAINT bids_open_check CHECK (open_quantity BETWEEN 0 AND quantity),
    status          text NOT NULL CHECK (status IN ('active', 'partially_matched', 'matched', 'cancelled', 'expired', 'rejected')),
    reason          text NOT NULL DEFAULT '',
    order_type      text NOT NULL CHECK (order_type IN ('limit', 'ioc', 'fok', 'post_only')),
    self_trade      text NOT NULL CHECK (self_trade IN ('cancel_newest', 'cancel_oldest', 'cancel_both')),
    priority        bigint NOT NULL,
    client_order_id text NOT NULL DEFAULT '' CHECK (length(client_order_id) <= 64),
    replaces        bigint NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    closed_at       timestamptz,
    closed_n        bigint,
    version         bigint NOT NULL,
    warned          boolean NOT NULL DEFAULT false, -- no warning of its end is due any more
    CONSTRAINT bids_matched_check CHECK ((status = 'matched') = (open_quantity = 0)),
    CONSTRAINT bids_closed_check CHECK ((status IN ('active', 'partially_matched')) = (closed_at IS NULL)
                                    AND (closed_at IS NULL) = (closed_n IS NULL))
);
CREATE INDEX bids_user_idx ON bids (user_id, id);
CREATE INDEX bids_client_order_idx ON bids (user_id, client_order_id) WHERE client_order_id <> '';
CREATE INDEX bids_book_idx ON bids (market_id, price DESC, priority) WHERE status IN ('active', 'partially_matched');

CREATE TABLE asks (
    id              bigint PRIMARY KEY CHECK (id > 0),
    market_id       uuid NOT NULL,
    user_id         uuid NOT NULL,
    price           bigint NOT NULL CHECK (price BETWEEN 1 AND 100000000),
    quantity        integer NOT NULL CHECK (quantity BETWEEN 1 AND 100),
    open_quantity   integer NOT NULL CONSTRAINT asks_open_check CHECK (open_quantity BETWEEN 0 AND quantity),
    status          text NOT NULL CHECK (status IN ('active', 'partially_matched', 'matched', 'cancelled', 'expired', 'rejected')),
    reason          text NOT NULL DEFAULT '',
    order_type      text NOT NULL CHECK (order_type IN ('limit', 'ioc', 'fok', 'post_only')),
    self_trade      text NOT NULL CHECK (self_trade IN ('cancel_newest', 'cancel_oldest', 'cancel_both')),
    priority        bigint NOT NULL,
    client_order_id text NOT NULL DEFAULT '' CHECK (length(client_order_id) <= 64),
    replaces        bigint NOT NULL DEFAULT 0,
    reinstates      bigint NOT NULL DEFAULT 0, -- the ask whose match was reversed; priority is that one's
    stock_ref       uuid, -- the consigned items it sells were set aside under it
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    closed_at       timestamptz,
    closed_n        bigint,
    version         bigint NOT NULL,
    warned          boolean NOT NULL DEFAULT false, -- no warning of its end is due any more
    CONSTRAINT asks_matched_check CHECK ((status = 'matched') = (open_quantity = 0)),
    CONSTRAINT asks_closed_check CHECK ((status IN ('active', 'partially_matched')) = (closed_at IS NULL)
                                    AND (closed_at IS NULL) = (closed_n IS NULL))
);
CREATE INDEX asks_user_idx ON asks (user_id, id);
CREATE INDEX asks_client_order_idx ON asks (user_id, client_order_id) WHERE client_order_id <> '';
CREATE INDEX asks_book_idx ON asks (market_id, price, priority) WHERE status IN ('active', 'partially_matched');

CREATE INDEX asks_stock_idx ON asks (stock_ref) WHERE stock_ref IS NOT NULL;

CREATE TABLE matches (
    id         bigint PRIMARY KEY CHECK (id > 0),
    market_id  uuid NOT NULL,
    bid_id     bigint NOT NULL,
    ask_id     bigint NOT NULL,
    buyer_id   uuid NOT NULL,
    seller_id  uuid NOT NULL,
    price      bigint NOT NULL CHECK (price BETWEEN 1 AND 100000000),
    bid_price  bigint NOT NULL CHECK (bid_price >= price),
    quantity   integer NOT NULL CHECK (quantity BETWEEN 1 AND 100),
    taker      text NOT NULL CHECK (taker IN ('bid', 'ask')),
    price_rule text NOT NULL CHECK (price_rule IN ('seller_ask', 'resting')),
    created_at timestamptz NOT NULL,
    reversed_at     timestamptz, -- a reversed match counts no longer, but stays
    reversal_reason text NOT NULL DEFAULT '',
    reinstated_ask  bigint NOT NULL DEFAULT 0, -- the ask that came back for it
    CONSTRAINT matches_reversed_check CHECK (reversed_at IS NOT NULL OR (reversal_reason = '' AND reinstated_ask = 0)),
    CONSTRAINT matches_bid_ask_key UNIQUE (bid_id, ask_id),
    CONSTRAINT matches_two_people_check CHECK (buyer_id <> seller_id)
);
CREATE INDEX matches_ask_idx ON matches (ask_id);
CREATE INDEX matches_market_idx ON matches (market_id, created_at, id);
CREATE INDEX matches_reversed_idx ON matches (id) WHERE reversed_at IS NOT NULL;
CREATE INDEX matches_buyer_idx ON matches (buyer_id, id);
CREATE INDEX matches_seller_idx ON matches (seller_id, id);

-- A match is of a bid of its buyer and an ask of its seller in its market. That is asked
-- for all matches of a statement at once, which costs a fraction of two foreign keys and
-- says more.
CREATE FUNCTION matches_refer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lost bigint;
BEGIN
    SELECT m.id INTO lost FROM added m
      LEFT JOIN bids b ON b.id = m.bid_id AND b.market_id = m.market_id AND b.user_id = m.buyer_id
      LEFT JOIN asks a ON a.id = m.ask_id AND a.market_id = m.market_id AND a.user_id = m.seller_id
     WHERE b.id IS NULL OR a.id IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'match % is not of a bid and an ask of its people in its market', lost USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER matches_refer AFTER INSERT ON matches REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION matches_refer();

-- What a match refers to stays.
CREATE FUNCTION orders_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM gone g JOIN matches m ON m.bid_id = g.id) OR EXISTS (SELECT FROM gone g JOIN matches m ON m.ask_id = g.id) THEN
        RAISE EXCEPTION 'a match refers to what would leave %', TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER bids_stay AFTER DELETE ON bids REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION orders_stay();
CREATE TRIGGER asks_stay AFTER DELETE ON asks REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION orders_stay();

CREATE TABLE bidding_account_limits (
    account_id          uuid PRIMARY KEY,
    max_open_per_market integer NOT NULL CHECK (max_open_per_market > 0),
    max_open_total      integer NOT NULL CHECK (max_open_total > 0),
    actor               uuid NOT NULL,
    updated_at          timestamptz NOT NULL
);

-- Accounts that may place nothing, as each shard was told, and lifted bans. The row
-- with the account's highest version holds, so an old event again changes nothing.
CREATE TABLE bidding_bans (
    shard      smallint NOT NULL REFERENCES bidding_shards (shard),
    account_id uuid NOT NULL,
    version    bigint NOT NULL CHECK (version > 0),
    lifted     boolean NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (shard, account_id)
);

-- Dead men's switches that are set: when the account's orders in the shard are cancelled
-- unless that is put off.
CREATE TABLE bidding_dead_men (
    shard      smallint NOT NULL REFERENCES bidding_shards (shard),
    account_id uuid NOT NULL,
    ends_at    timestamptz NOT NULL,
    PRIMARY KEY (shard, account_id)
);

-- Consigned items that were set aside for asks, noted down before they were: held of them
-- are, until what its asks have open or have sold is less (MATCH-016).
CREATE TABLE bidding_stock (
    ref        uuid PRIMARY KEY,
    market_id  uuid NOT NULL,
    held       integer NOT NULL CHECK (held BETWEEN 0 AND 100),
    done       boolean NOT NULL DEFAULT false, -- no ask of it is open: held were sold
    created_at timestamptz NOT NULL
);
CREATE INDEX bidding_stock_open_idx ON bidding_stock (created_at) WHERE NOT done;

-- How far other services' events have had their effect here.
CREATE TABLE bidding_positions (
    source    text NOT NULL,
    partition smallint NOT NULL,
    seq       bigint NOT NULL CHECK (seq > 0),
    PRIMARY KEY (source, partition)
);
