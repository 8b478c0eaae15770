-- name: InsertProduct :exec
INSERT INTO products (id, name, sku, slug, brand, model, category, colorway, description, gender,
    retail_price, currency, release_date, status, created_at, updated_at, version)
VALUES (@id, @name, @sku, @slug, @brand, @model, @category, @colorway, @description, @gender,
    @retail_price, @currency, @release_date, @status, @created_at, @updated_at, @version);

-- name: ProductByID :one
SELECT id, name, sku, slug, brand, model, category, colorway, description, gender, retail_price, currency,
    release_date, status, created_at, updated_at, version
FROM products WHERE id = @id AND deleted_at IS NULL;

-- name: ProductBySKU :one
SELECT id, name, sku, slug, brand, model, category, colorway, description, gender, retail_price, currency,
    release_date, status, created_at, updated_at, version
FROM products WHERE upper(sku) = upper(@sku) AND deleted_at IS NULL;

-- name: ProductBySlug :one
SELECT id, name, sku, slug, brand, model, category, colorway, description, gender, retail_price, currency,
    release_date, status, created_at, updated_at, version
FROM products WHERE slug = @slug AND deleted_at IS NULL;

-- name: LockProduct :one
SELECT id, name, sku, slug, brand, model, category, colorway, description, gender, retail_price, currency,
    release_date, status, created_at, updated_at, version
FROM products WHERE id = @id AND deleted_at IS NULL FOR UPDATE;

-- name: UpdateProduct :exec
UPDATE products SET name = @name, sku = @sku, brand = @brand, model = @model, category = @category,
    colorway = @colorway, description = @description, gender = @gender, retail_price = @retail_price,
    release_date = @release_date, status = @status, updated_at = @updated_at, version = @version
WHERE id = @id;

-- name: DeleteProduct :one
UPDATE products SET deleted_at = @at, updated_at = @at, version = version + 1
WHERE id = @id AND deleted_at IS NULL
RETURNING name, sku, status, version;
