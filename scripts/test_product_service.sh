#!/usr/bin/env bash
# Tests the product service from outside: catalogue, images, sizes, stock.
. "$(dirname "$0")/lib.sh"

password="running shoes $run" sku="TEST-$run" word="zebra$(printf '%s' "$run" | tr -d '-')"

step "Two accounts: one keeps the catalogue, one only looks"
sign_in_owner
keeper="keeper-$run@example.com" visitor="visitor-$run@example.com"
sign_up "$keeper" "$password" Kim Keeper
sign_up "$visitor" "$password" Vera Visitor
sign_in "$visitor" "$password"
visitor=$(field accessToken)
must user ListUsers "{\"query\":\"$keeper\"}" "$owner_token"
must user SetRoles "{\"user_id\":\"$(field users.0.id)\",\"roles\":[\"user\",\"catalog\"],\"reason\":\"keeps the catalogue\"}" "$owner_token"
expect_eq "the owner grants the catalog role" "$(values user.roles)" "catalog user"
sign_in "$keeper" "$password"
keeper=$(field accessToken)

step "Create a product"
product="\"name\":\"Air $word\",\"brand\":\"Nike\",\"model\":\"Air Jordan 1\",\"colorway\":\"White/Blue\",\"gender\":\"men\",\"retail_price\":17000,\"release_date\":\"2021-03-06\""
call product CreateProduct "{$product,\"sku\":\"$sku\"}" "$visitor"
expect_code "a visitor may not" PERMISSION_DENIED ROLE_REQUIRED
call product CreateProduct "{$product,\"sku\":\"$sku\"}"
expect_code "nobody may not" UNAUTHENTICATED TOKEN_MISSING
call product CreateProduct "{$product,\"sku\":\"$sku\"}" "$keeper"
expect_code "create a product with a SKU of its own" OK
id=$(field product.id) slug=$(field product.slug)
expect_eq "its price is in cents" "$(field product.retailPrice)" 17000
expect_eq "its currency is the default" "$(field product.currency)" USD
expect_eq "it is for sale" "$(field product.status)" ACTIVE
[ -n "$id" ] || fatal "nothing goes on without a product"
call product CreateProduct "{$product,\"sku\":\" $(printf '%s' "$sku" | tr '[:upper:]' '[:lower:]') \"}" "$keeper"
expect_code "the same SKU in small letters is taken" ALREADY_EXISTS SKU_TAKEN
call product CreateProduct "{\"name\":\"\",\"sku\":\"$sku-B\"}" "$keeper"
expect_code "a product needs a name" INVALID_ARGUMENT

step "Sizes with stock"
add_size() { call product AddSize "{\"product_id\":\"$id\",\"label\":\"$1\",\"quantity\":$2}" "$keeper"; }
add_size 9 5
expect_code "add size 9" OK
add_size 9.5 0
expect_code "add size 9.5" OK
add_size 10 8
size=$(field size.id)
expect_eq "add size 10 with stock" "$(field size.quantity)" 8
add_size 10 1
expect_code "a size exists once" ALREADY_EXISTS SIZE_TAKEN
call product ListSizes "{\"product_id\":\"$id\"}"
expect_eq "three sizes are listed" "$(field sizes.length)" 3
call product ListSizes "{\"product_id\":\"$id\",\"available_only\":true}"
expect_eq "two of them have stock" "$(field sizes.length)" 2
call product UpdateInventory "{\"size_id\":\"$size\",\"delta\":2,\"reason\":\"delivery\"}" "$keeper"
expect_eq "a delivery adds to the stock" "$(field size.quantity)" 10
call product UpdateInventory "{\"size_id\":\"$size\",\"delta\":-11,\"reason\":\"loss\"}" "$keeper"
expect_code "stock does not go below nothing" FAILED_PRECONDITION INSUFFICIENT_STOCK

step "Images"
add_image() { call product AddProductImage "{\"product_id\":\"$id\",\"url\":\"https://images.example.com/$sku/$1.jpg\",\"alt\":\"$1\"}" "$keeper"; }
add_image side
expect_eq "the first image is the primary one" "$(field image.isPrimary)" true
add_image top
expect_eq "the second is not" "$(field image.isPrimary)" false
top=$(field image.id)
add_image box
expect_code "a third one" OK
call product SetPrimaryImage "{\"image_id\":\"$top\"}" "$keeper"
expect_code "make the second the primary one" OK
call product AddProductImage "{\"product_id\":\"$id\",\"url\":\"javascript:alert(1)\"}" "$keeper"
expect_code "an image is at an https address" INVALID_ARGUMENT

step "Get it with all details"
call product GetProduct "{\"id\":\"$id\"}"
expect_eq "by id, without signing in" "$(field product.sku)" "$sku"
expect_eq "brand" "$(field product.brand)" Nike
expect_eq "three sizes" "$(field product.sizes.length)" 3
expect_eq "three images" "$(field product.images.length)" 3
expect_eq "one primary image" "$(counting product.images isPrimary true)" 1
expect_eq "the primary image is the second" "$(field "product.images.$(holding product.images isPrimary true).id")" "$top"
call product GetProduct "{\"sku\":\"$(printf '%s' "$sku" | tr '[:upper:]' '[:lower:]')\"}"
expect_eq "by SKU, whatever its case" "$(field product.id)" "$id"
call product GetProduct "{\"slug\":\"$slug\"}"
expect_eq "by slug" "$(field product.id)" "$id"
call product GetProduct '{"sku":"no-such-sku"}'
expect_code "an unknown SKU" NOT_FOUND PRODUCT_NOT_FOUND

step "List and search"
must product CreateProduct "{$product,\"sku\":\"$sku-2\"}" "$keeper"
second=$(field product.id)
call product SearchProducts "{\"query\":\"$word\"}"
expect_eq "search finds both" "$(field total)" 2
call product SearchProducts "{\"query\":\"$sku-2\"}"
expect_eq "search finds a SKU first" "$(field products.0.id)" "$second"
call product SearchProducts "{\"query\":\"$word\",\"filters\":{\"size\":\"10\"}}"
expect_eq "search by size finds one" "$(field total) $(field products.0.id)" "1 $id"
call product ListProducts '{"page_size":1}'
expect_eq "a page of one" "$(field products.length)" 1
expect_eq "the newest comes first" "$(field products.0.id)" "$second"
call product ListProducts "{\"page_size\":1,\"page_token\":\"$(field nextPageToken)\"}"
expect_eq "then the one before" "$(field products.0.id)" "$id"
call product ListProducts '{"page_size":101}'
expect_code "a page has at most 100" INVALID_ARGUMENT

step "Reserve stock"
reserve() { call product ReserveInventory "{\"size_id\":\"$size\",\"quantity\":$1,\"reference\":\"$2-$run\",\"ttl\":\"600s\"}" "$keeper"; }
reserve 3 first
expect_eq "reserve three of ten" "$(field size.reserved) of $(field size.quantity)" "3 of 10"
reserve 3 first
expect_eq "the same reference reserves once" "$(field size.reserved) of $(field size.quantity)" "3 of 10"
reserve 4 first
expect_code "the same reference for something else is refused" ALREADY_EXISTS REFERENCE_TAKEN
reserve 8 second
expect_code "more than is left is refused" FAILED_PRECONDITION INSUFFICIENT_STOCK
reserve 7 second
expect_eq "all that is left" "$(field size.reserved) of $(field size.quantity)" "10 of 10"
call product ReleaseInventory "{\"reference\":\"second-$run\"}" "$keeper"
expect_eq "release gives it back" "$(field size.reserved) of $(field size.quantity)" "3 of 10"
call product SellInventory "{\"reference\":\"first-$run\"}" "$keeper"
expect_eq "selling takes it out" "$(field size.reserved) of $(field size.quantity)" "0 of 7"
call product ReleaseInventory "{\"reference\":\"first-$run\"}" "$keeper"
expect_code "what is sold cannot be released" FAILED_PRECONDITION RESERVATION_ENDED
call product GetSize "{\"id\":\"$size\"}"
expect_eq "the size says the same" "$(field size.reserved) of $(field size.quantity)" "0 of 7"
call product ListInventoryTransactions "{\"size_id\":\"$size\"}" "$keeper"
expect_eq "every change is in the trail" "$(field transactions.length)" 6
expect_eq "the last one is the sale" "$(field transactions.0.kind) $(field transactions.0.quantityAfter)" "sell 7"
call product ReserveInventory "{\"size_id\":\"$size\",\"quantity\":1,\"reference\":\"third-$run\"}" "$visitor"
expect_code "a visitor reserves nothing" PERMISSION_DENIED ROLE_REQUIRED

step "Take the second one out"
call product DeleteProduct "{\"product_id\":\"$second\"}" "$keeper"
expect_code "delete" OK
call product GetProduct "{\"id\":\"$second\"}"
expect_code "it is gone" NOT_FOUND PRODUCT_NOT_FOUND
call product SearchProducts "{\"query\":\"$word\"}"
expect_eq "search finds one" "$(field total)" 1
finish
