-- The catalogue, its images and sizes, and the stock the platform holds (PROD-001..006).
-- Rows are never removed by cascade: a product that traded stays, whoever deletes it.

-- Typo tolerance uses pg_trgm where the server has it and lets us; nothing here needs it.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'pg_trgm is not available: %', SQLERRM;
END
$$;

-- The words of a text as search compares them: without accents, in lower case,
-- parted by single blanks instead of punctuation. The service folds queries the same way.
CREATE FUNCTION product_words(input text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN lower(regexp_replace(
        replace(replace(replace(
            translate(regexp_replace(normalize(input, NFKD), '[\u0300-\u036f]', '', 'g'), 'ØøŁłĐđı', 'OoLlDdi'),
            'ß', 'ss'), 'Æ', 'ae'), 'æ', 'ae'),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f×÷]+', ' ', 'g'));

CREATE TABLE products (
    id           uuid        PRIMARY KEY,
    name         text        NOT NULL,
    sku          text        NOT NULL, -- the maker's style code, as given
    slug         text        NOT NULL,
    brand        text        NOT NULL DEFAULT '',
    model        text        NOT NULL DEFAULT '',
    category     text        NOT NULL DEFAULT 'sneakers',
    colorway     text        NOT NULL DEFAULT '',
    description  text        NOT NULL DEFAULT '',
    gender       text        NOT NULL DEFAULT '',
    retail_price bigint      NOT NULL DEFAULT 0, -- minor units of currency; 0 = unknown
    currency     text        NOT NULL DEFAULT 'USD',
    release_date date,
    status       text        NOT NULL DEFAULT 'active',
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    deleted_at   timestamptz,
    version      bigint      NOT NULL DEFAULT 1,
    sku_joined   text        NOT NULL GENERATED ALWAYS AS (replace(product_words(sku), ' ', '')) STORED, -- without punctuation
    search       tsvector    NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', product_words(sku) || ' ' || replace(product_words(sku), ' ', '')), 'A') ||
        setweight(to_tsvector('simple', product_words(name)), 'B') ||
        setweight(to_tsvector('simple', product_words(brand) || ' ' || product_words(model)), 'C') ||
        setweight(to_tsvector('simple', product_words(colorway)), 'D')
    ) STORED,
    CONSTRAINT products_name_length CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT products_sku_trimmed CHECK (sku = btrim(sku) AND length(sku) BETWEEN 1 AND 100),
    CONSTRAINT products_slug_length CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 320),
    CONSTRAINT products_brand_length CHECK (length(brand) <= 100),
    CONSTRAINT products_model_length CHECK (length(model) <= 100),
    CONSTRAINT products_category_length CHECK (length(category) BETWEEN 1 AND 100),
    CONSTRAINT products_colorway_length CHECK (length(colorway) <= 200),
    CONSTRAINT products_description_length CHECK (length(description) <= 5000),
    CONSTRAINT products_gender_known CHECK (gender IN
        ('', 'men', 'women', 'unisex', 'youth', 'child', 'preschool', 'toddler', 'infant')),
    CONSTRAINT products_retail_price_range CHECK (retail_price BETWEEN 0 AND 100000000),
    CONSTRAINT products_currency_iso CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT products_status_known CHECK (status IN ('draft', 'active', 'hidden')),
    CONSTRAINT products_version_positive CHECK (version > 0)
);

-- A deleted product keeps its row, but its style code and address can be given again.
CREATE UNIQUE INDEX products_sku_key ON products (upper(sku)) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX products_slug_key ON products (slug) WHERE deleted_at IS NULL;

-- fastupdate off: a bulk import must not leave a list that each search walks.
CREATE INDEX products_search_idx ON products USING gin (search) WITH (fastupdate = off);
CREATE INDEX products_newest_idx ON products (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX products_price_asc_idx ON products ((coalesce(nullif(retail_price, 0), 9007199254740991)), id)
    WHERE deleted_at IS NULL; -- an unknown price comes last
CREATE INDEX products_price_desc_idx ON products (retail_price, id) WHERE deleted_at IS NULL;
CREATE INDEX products_release_asc_idx ON products ((coalesce(release_date, DATE '9999-12-31')), id)
    WHERE deleted_at IS NULL; -- an unknown date comes last
CREATE INDEX products_release_desc_idx ON products ((coalesce(release_date, DATE '0001-01-01')), id)
    WHERE deleted_at IS NULL;
CREATE INDEX products_brand_idx ON products (lower(brand)) WHERE deleted_at IS NULL;
CREATE INDEX products_category_idx ON products (lower(category)) WHERE deleted_at IS NULL;

CREATE TRIGGER products_set_updated_at BEFORE UPDATE ON products
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();

-- The words of the products that everyone sees, and how many products have each: what a
-- misspelt word is compared with (PROD-004). Words with digits are left out: a style code
-- is right or wrong. A word that is no longer used stays with 0.
CREATE TABLE product_terms (
    term     text COLLATE "C" PRIMARY KEY,
    products integer NOT NULL
);

-- Keeps product_terms with every statement that changes products. The words are written in
-- order and after the products, so that two writers wait for each other in one direction.
CREATE FUNCTION count_product_terms() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO product_terms AS t (term, products)
        SELECT term, count(*) FROM after_rows, unnest(tsvector_to_array(search)) term
        WHERE status = 'active' AND deleted_at IS NULL AND term ~ '^[^0-9]{2,40}$'
        GROUP BY term ORDER BY term COLLATE "C"
        ON CONFLICT (term) DO UPDATE SET products = t.products + excluded.products;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO product_terms AS t (term, products)
        SELECT term, sum(change) FROM (
            SELECT unnest(tsvector_to_array(search)) term, 1 change FROM after_rows
            WHERE status = 'active' AND deleted_at IS NULL
            UNION ALL
            SELECT unnest(tsvector_to_array(search)), -1 FROM before_rows
            WHERE status = 'active' AND deleted_at IS NULL
        ) changes
        WHERE term ~ '^[^0-9]{2,40}$'
        GROUP BY term HAVING sum(change) <> 0 ORDER BY term COLLATE "C"
        ON CONFLICT (term) DO UPDATE SET products = t.products + excluded.products;
    ELSE
        INSERT INTO product_terms AS t (term, products)
        SELECT term, -count(*) FROM before_rows, unnest(tsvector_to_array(search)) term
        WHERE status = 'active' AND deleted_at IS NULL AND term ~ '^[^0-9]{2,40}$'
        GROUP BY term ORDER BY term COLLATE "C"
        ON CONFLICT (term) DO UPDATE SET products = t.products + excluded.products;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER products_terms_insert AFTER INSERT ON products
    REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION count_product_terms();
CREATE TRIGGER products_terms_update AFTER UPDATE ON products
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_product_terms();
CREATE TRIGGER products_terms_delete AFTER DELETE ON products
    REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT EXECUTE FUNCTION count_product_terms();

-- With pg_trgm the nearest words are read from an index, whatever letter is wrong;
-- without it only the words that begin alike are compared.
DO $$
BEGIN
    CREATE INDEX product_terms_trgm_idx ON product_terms USING gist (term gist_trgm_ops (siglen = 64));
EXCEPTION WHEN undefined_object THEN
    RAISE NOTICE 'misspelt words are found by their first letter alone';
END
$$;

-- How many items of each product were sold in the last 30 days: what the sort by activity
-- goes by (PROD-004). It stands beside products, so that a sale changes no word of the
-- search. sold_30d is always the sum of the product's days; its row is the lock for both.
CREATE TABLE product_activity (
    product_id uuid   PRIMARY KEY REFERENCES products (id),
    sold_30d   bigint NOT NULL DEFAULT 0, -- items
    CONSTRAINT product_activity_sold_positive CHECK (sold_30d >= 0)
);
CREATE INDEX product_activity_sold_idx ON product_activity (sold_30d, product_id);

-- The same by the UTC day of the sale. A day that is 30 days ago is taken off the sum and deleted.
CREATE TABLE product_activity_days (
    product_id uuid   NOT NULL REFERENCES product_activity (product_id),
    day        date   NOT NULL,
    sold       bigint NOT NULL, -- items
    PRIMARY KEY (product_id, day),
    CONSTRAINT product_activity_days_sold_positive CHECK (sold >= 0)
);
CREATE INDEX product_activity_days_day_idx ON product_activity_days (day); -- for those that are too old

-- Every product has its row from the statement that makes it. A product that sold lately
-- cannot be removed.
CREATE FUNCTION keep_product_activity() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO product_activity (product_id) SELECT id FROM after_rows;
        RETURN NULL;
    END IF;
    DELETE FROM product_activity WHERE product_id = OLD.id;
    RETURN OLD;
END
$$;

CREATE TRIGGER products_activity_insert AFTER INSERT ON products
    REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_product_activity();
CREATE TRIGGER products_activity_delete BEFORE DELETE ON products
    FOR EACH ROW EXECUTE FUNCTION keep_product_activity();

CREATE TABLE product_images (
    id         uuid        PRIMARY KEY,
    product_id uuid        NOT NULL REFERENCES products (id),
    url        text        NOT NULL,
    alt        text        NOT NULL DEFAULT '',
    is_primary boolean     NOT NULL,
    position   integer     NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT product_images_url_length CHECK (length(url) BETWEEN 1 AND 2000),
    CONSTRAINT product_images_alt_length CHECK (length(alt) <= 200),
    CONSTRAINT product_images_position_positive CHECK (position > 0),
    CONSTRAINT product_images_position_key UNIQUE (product_id, position) DEFERRABLE INITIALLY DEFERRED
);

-- At most one primary image at any moment ...
CREATE UNIQUE INDEX product_images_one_primary_idx ON product_images (product_id) WHERE is_primary;

-- ... and at least one when a transaction that touched the images of a product ends (PROD-002).
CREATE FUNCTION require_primary_image() RETURNS trigger
    LANGUAGE plpgsql AS $$
DECLARE
    product uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.product_id ELSE NEW.product_id END;
BEGIN
    IF EXISTS (SELECT FROM product_images WHERE product_id = product)
        AND NOT EXISTS (SELECT FROM product_images WHERE product_id = product AND is_primary) THEN
        RAISE EXCEPTION 'product % has images but no primary one', product
            USING ERRCODE = 'check_violation', CONSTRAINT = 'product_images_some_primary';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER product_images_some_primary
    AFTER INSERT OR UPDATE OR DELETE ON product_images
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION require_primary_image();

-- A size is a market of its own: bids and asks name its id.
CREATE TABLE sizes (
    id         uuid        PRIMARY KEY,
    product_id uuid        NOT NULL REFERENCES products (id),
    system     text        NOT NULL,
    label      text        NOT NULL,
    sort_key   integer     NOT NULL, -- sixths of a size, so that 9.5 comes before 10
    quantity   integer     NOT NULL DEFAULT 0, -- items held, reserved ones included
    reserved   integer     NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version    bigint      NOT NULL DEFAULT 1, -- grows by one with each stock change
    CONSTRAINT sizes_label_key UNIQUE (product_id, system, sort_key), -- 5 and 5Y are one size
    CONSTRAINT sizes_system_known CHECK (system IN ('US_M', 'US_W', 'US_GS', 'EU', 'UK', 'CM')),
    CONSTRAINT sizes_label_length CHECK (length(label) BETWEEN 1 AND 20),
    CONSTRAINT sizes_stock_bounds CHECK (0 <= reserved AND reserved <= quantity AND quantity <= 1000000000),
    CONSTRAINT sizes_version_positive CHECK (version > 0)
);

CREATE TRIGGER sizes_set_updated_at BEFORE UPDATE ON sizes
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();

-- Stock set aside under a name; while held it counts in sizes.reserved (PROD-005).
CREATE TABLE inventory_reservations (
    reference  text        PRIMARY KEY,
    size_id    uuid        NOT NULL REFERENCES sizes (id),
    quantity   integer     NOT NULL,
    state      text        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version    bigint      NOT NULL DEFAULT 1,
    CONSTRAINT inventory_reservations_reference_length CHECK (length(reference) BETWEEN 1 AND 100),
    CONSTRAINT inventory_reservations_quantity_positive CHECK (quantity > 0),
    CONSTRAINT inventory_reservations_state_known CHECK (state IN ('held', 'released', 'sold', 'expired')),
    CONSTRAINT inventory_reservations_time_order CHECK (expires_at > created_at)
);

CREATE INDEX inventory_reservations_size_idx ON inventory_reservations (size_id);
CREATE INDEX inventory_reservations_held_idx ON inventory_reservations (expires_at, size_id) WHERE state = 'held';

-- One row per stock change, written in its transaction and never altered (PROD-006).
CREATE TABLE inventory_transactions (
    id              uuid        PRIMARY KEY,
    size_id         uuid        NOT NULL REFERENCES sizes (id),
    seq             bigint      NOT NULL, -- the version of the size after this change
    kind            text        NOT NULL,
    quantity_delta  integer     NOT NULL,
    quantity_before integer     NOT NULL,
    quantity_after  integer     NOT NULL,
    reserved_delta  integer     NOT NULL,
    reserved_before integer     NOT NULL,
    reserved_after  integer     NOT NULL,
    reference       text        NOT NULL DEFAULT '',
    reason          text        NOT NULL DEFAULT '',
    actor           text        NOT NULL, -- an account's id, a service's name or "system"
    created_at      timestamptz NOT NULL,
    CONSTRAINT inventory_transactions_seq_key UNIQUE (size_id, seq),
    CONSTRAINT inventory_transactions_kind_known CHECK (kind IN
        ('add', 'adjust', 'reserve', 'release', 'sell', 'expire')),
    CONSTRAINT inventory_transactions_quantity_sum CHECK (quantity_before + quantity_delta = quantity_after),
    CONSTRAINT inventory_transactions_reserved_sum CHECK (reserved_before + reserved_delta = reserved_after),
    CONSTRAINT inventory_transactions_bounds CHECK (0 <= reserved_after AND reserved_after <= quantity_after),
    CONSTRAINT inventory_transactions_reference_length CHECK (length(reference) <= 100),
    CONSTRAINT inventory_transactions_reason_length CHECK (length(reason) <= 500),
    CONSTRAINT inventory_transactions_actor_length CHECK (length(actor) BETWEEN 1 AND 100)
);

-- An adjustment happens once under its name, whatever the size ...
CREATE UNIQUE INDEX inventory_transactions_adjustment_key ON inventory_transactions (reference)
    WHERE kind IN ('add', 'adjust') AND reference <> '';
-- ... and a reservation is made once and ends once.
CREATE UNIQUE INDEX inventory_transactions_reserve_key ON inventory_transactions (reference)
    WHERE kind = 'reserve';
CREATE UNIQUE INDEX inventory_transactions_end_key ON inventory_transactions (reference)
    WHERE kind IN ('release', 'sell', 'expire');

CREATE TRIGGER inventory_transactions_append_only BEFORE UPDATE OR DELETE ON inventory_transactions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER inventory_transactions_no_truncate BEFORE TRUNCATE ON inventory_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What other services are told of the catalogue, written in the transaction of the change.
-- Positions are given under the lock of the head, so they are the order of commits (EVENT-001).
CREATE TABLE product_outbox_head (
    seq bigint NOT NULL CONSTRAINT product_outbox_head_positive CHECK (seq >= 0)
);
INSERT INTO product_outbox_head (seq) VALUES (0);
CREATE UNIQUE INDEX product_outbox_head_one_idx ON product_outbox_head ((true));

CREATE TABLE product_outbox (
    seq     bigint      PRIMARY KEY,
    at      timestamptz NOT NULL,
    kind    text        NOT NULL, -- the full name of the payload's message
    payload bytea       NOT NULL,
    CONSTRAINT product_outbox_seq_positive CHECK (seq > 0),
    CONSTRAINT product_outbox_kind_named CHECK (kind LIKE 'product.v1.%')
);
CREATE INDEX product_outbox_at_idx ON product_outbox (at);

CREATE TRIGGER product_outbox_append_only BEFORE UPDATE ON product_outbox
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- How far other services' events have had their effect here.
CREATE TABLE product_positions (
    source    text     NOT NULL,
    partition smallint NOT NULL,
    seq       bigint   NOT NULL,
    PRIMARY KEY (source, partition),
    CONSTRAINT product_positions_positive CHECK (seq > 0)
);
