#!/usr/bin/env bash
# A story through all three services: two people, one pair of shoes, one sale.
. "$(dirname "$0")/lib.sh"

# money CENTS writes an amount for people.
money() { printf '%d.%02d USD' $(($1 / 100)) $(($1 % 100)); }

password="running shoes $run" sku="DEMO-$run"

step "1  Lena wants a pair of shoes, Omar has one: both sign up"
for name in Lena Omar; do
    call user Register "{\"email\":\"$name-$run@example.com\",\"password\":\"$password\",\"first_name\":\"$name\",\"last_name\":\"Demo\"}"
    expect_code "$name registers" OK
done
call user Login "{\"email\":\"lena-$run@example.com\",\"password\":\"a guess at $run\"}"
expect_code "somebody guesses Lena's password" UNAUTHENTICATED INVALID_CREDENTIALS
sign_in "lena-$run@example.com" "$password"
lena=$(field accessToken) refresh=$(field refreshToken)
say "Lena is $(field user.id), signed in for $(field expiresIn) seconds"
sign_in "omar-$run@example.com" "$password"
omar=$(field accessToken)
call user AddAddress '{"address":{"kind":"SHIPPING","recipient":"Lena Demo","line1":"Hauptstrasse 1","city":"Berlin","postal_code":"10827","country":"DE"}}' "$lena"
expect_eq "her first address is her default" "$(field address.isDefault)" true
call user AcceptSellerTerms '{}' "$omar"
expect_eq "Omar accepts the terms and is a seller" "$(values user.roles)" "seller user"
omar=$(field accessToken)

step "2  The owner lists the shoes, with pictures and sizes"
sign_in_owner
call product CreateProduct "{\"name\":\"Air Jordan 1 Demo $run\",\"sku\":\"$sku\",\"brand\":\"Jordan\",\"colorway\":\"Royal\",\"retail_price\":18000,\"release_date\":\"2025-06-01\"}" "$owner_token"
expect_code "the product $sku is in the catalogue" OK
product=$(field product.id)
[ -n "$product" ] || fatal "nothing goes on without a product"
for view in side sole; do
    must product AddProductImage "{\"product_id\":\"$product\",\"url\":\"https://images.example.com/$sku/$view.jpg\",\"alt\":\"$view\"}" "$owner_token"
done
for label in 9 10 11; do
    must product AddSize "{\"product_id\":\"$product\",\"label\":\"$label\",\"quantity\":5}" "$owner_token"
    say "size $label is a market of its own: $(field size.id)"
done
call product ReserveInventory "{\"size_id\":\"$(field size.id)\",\"quantity\":2,\"reference\":\"demo-$run\"}" "$owner_token"
expect_eq "two pairs are put aside for a shop window" "$(field size.reserved) of $(field size.quantity)" "2 of 5"
call product CreateProduct "{\"name\":\"A copy\",\"sku\":\"$sku\"}" "$owner_token"
expect_code "nobody else gets its SKU" ALREADY_EXISTS SKU_TAKEN

step "3  Lena finds them"
call product SearchProducts "{\"query\":\"$sku\"}"
expect_eq "the search finds them" "$(field products.0.id)" "$product"
call product GetProduct "{\"sku\":\"$sku\"}"
expect_eq "with three sizes and two pictures" "$(field product.sizes.length) $(field product.images.length)" "3 2"
expect_eq "one picture is the primary one" "$(counting product.images isPrimary true)" 1
market=$(field "product.sizes.$(holding product.sizes label 10).id")

step "4  They bid and ask in size 10"
call bidding PlaceBid "{\"market_id\":\"$market\",\"price\":20000}" "$lena"
expect_eq "Lena bids $(money 20000) and waits" "$(field bid.status) $(field matches.length)" "ACTIVE 0"
low=$(field bid.id)
call bidding PlaceAsk "{\"market_id\":\"$market\",\"price\":22000}" "$omar"
expect_eq "Omar asks $(money 22000) and waits" "$(field ask.status) $(field matches.length)" "ACTIVE 0"
call bidding GetMarketPrice "{\"market_id\":\"$market\"}"
expect_eq "the market shows bid / ask / spread" "$(field marketPrice.bestBid.price) / $(field marketPrice.bestAsk.price) / $(field marketPrice.spread)" "20000 / 22000 / 2000"
call bidding PlaceBid "{\"market_id\":\"$market\",\"price\":22500}" "$lena"
expect_eq "Lena bids $(money 22500): sold at once" "$(field bid.status) $(field matches.length)" "MATCHED 1"
expect_eq "at Omar's price, in cents" "$(field matches.0.price)" 22000
match=$(field matches.0.id)

step "5  What is left of it"
for who in lena omar; do
    eval "token=\$$who"
    call bidding ListMyMatches '{}' "$token"
    expect_eq "it is among the matches of $who" "$(field matches.length) $(field matches.0.id)" "1 $match"
done
call bidding ListProductMarkets "{\"product_id\":\"$product\"}"
say "last sale in size 10: $(money "$(field "markets.$(holding markets marketId "$market").lastSale.price")")"
call bidding GetDepth "{\"market_id\":\"$market\"}"
expect_eq "the sold pair is no longer offered" "$(field asks.length)" 0
expect_eq "the bid of $(money 20000) still is" "$(field bids.0.price)" 20000
call bidding CancelBid "{\"bid_id\":$low}" "$lena"
expect_eq "Lena takes it back" "$(field bid.status)" CANCELLED

step "6  Lena signs out"
call user RefreshToken "{\"refresh_token\":\"$refresh\"}"
expect_ne "her session was renewed with a new refresh token" "$(field refreshToken)" "$refresh"
call user Logout '{}' "$lena"
expect_code "she signs out" OK
call user GetProfile '{}' "$lena"
expect_code "and her token is worth nothing" UNAUTHENTICATED SESSION_REVOKED
call product ReleaseInventory "{\"reference\":\"demo-$run\"}" "$owner_token"
expect_eq "the shop window is cleared" "$(field size.reserved) of $(field size.quantity)" "0 of 5"
finish
