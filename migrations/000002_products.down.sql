DROP TABLE product_positions;
DROP TABLE product_outbox;
DROP TABLE product_outbox_head;
-- pg_trgm stays: it may have been there before, and it harms nobody.
DROP TABLE inventory_transactions;
DROP TABLE inventory_reservations;
DROP TABLE sizes;
DROP TABLE product_images;
DROP FUNCTION require_primary_image();
DROP TABLE product_activity_days;
DROP TABLE product_activity;
DROP TABLE products;
DROP FUNCTION keep_product_activity();
DROP FUNCTION count_product_terms();
DROP TABLE product_terms;
DROP FUNCTION product_words(text);
