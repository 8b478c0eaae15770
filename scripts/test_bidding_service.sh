#!/usr/bin/env bash
# Tests the bidding service from outside: bids, asks, matching, market data.
. "$(dirname "$0")/lib.sh"

password="running shoes $run"

step "A market, a buyer and a seller"
sign_in_owner
must product CreateProduct "{\"name\":\"Bidding test\",\"sku\":\"BID-$run\",\"retail_price\":17000}" "$owner_token"
must product AddSize "{\"product_id\":\"$(field product.id)\",\"label\":\"10\"}" "$owner_token"
market=$(field size.id)
sign_up "buyer-$run@example.com" "$password" Bo Buyer
sign_in "buyer-$run@example.com" "$password"
buyer=$(field accessToken) buyer_id=$(field user.id)
sign_up "seller-$run@example.com" "$password" Sam Seller
sign_in "seller-$run@example.com" "$password"
seller=$(field accessToken)
expect_ne "they are two accounts" "$(field user.id)" "$buyer_id"
bid() { call bidding PlaceBid "{\"market_id\":\"$market\",\"price\":$1${3:+,$3}}" "$2"; }
ask() { call bidding PlaceAsk "{\"market_id\":\"$market\",\"price\":$1${3:+,$3}}" "$2"; }
price() { call bidding GetMarketPrice "{\"market_id\":\"$market\"}"; }
ask 22000 "$seller"
expect_code "who has not accepted the seller's terms sells nothing" PERMISSION_DENIED ROLE_REQUIRED
must user AcceptSellerTerms '{}' "$seller"
seller=$(field accessToken)
price
expect_eq "the market is empty" "$(field marketPrice.bestBid.price)/$(field marketPrice.bestAsk.price)/$(field marketPrice.lastSale.price)" //

step "A bid at 200.00 and an ask at 220.00 wait"
bid 20000 "$buyer"
expect_code "bid 200.00" OK
first_bid=$(field bid.id)
expect_eq "the bid is active" "$(field bid.status)" ACTIVE
expect_eq "nothing matches it" "$(field matches.length)" 0
ask 22000 "$seller"
expect_code "ask 220.00" OK
first_ask=$(field ask.id)
expect_eq "the ask is active" "$(field ask.status)" ACTIVE
expect_eq "nothing matches it" "$(field matches.length)" 0
price
expect_eq "best bid" "$(field marketPrice.bestBid.price)" 20000
expect_eq "best ask" "$(field marketPrice.bestAsk.price)" 22000
expect_eq "spread" "$(field marketPrice.spread)" 2000
expect_eq "no sale yet" "$(field marketPrice.lastSale.price)" ""
expect_eq "one bid and one ask are open" "$(field marketPrice.openBids)/$(field marketPrice.openAsks)" 1/1

step "What is refused"
bid 20050 "$buyer"
expect_code "off the tick of 1.00" INVALID_ARGUMENT OFF_TICK
bid 0 "$buyer"
expect_code "nothing" INVALID_ARGUMENT PRICE_OUT_OF_RANGE
bid -20000 "$buyer"
expect_code "less than nothing" INVALID_ARGUMENT PRICE_OUT_OF_RANGE
bid 20000 "$buyer" '"quantity":101'
expect_code "too many" INVALID_ARGUMENT QUANTITY_OUT_OF_RANGE
bid 20000 ""
expect_code "a bid of nobody" UNAUTHENTICATED TOKEN_MISSING
bid 22000 "$seller"
expect_code "one's own ask" FAILED_PRECONDITION SELF_TRADE
call bidding CancelBid "{\"bid_id\":$first_bid}" "$seller"
expect_code "somebody else's bid is not found" NOT_FOUND BID_NOT_FOUND
call bidding GetAsk "{\"ask_id\":$first_ask}" "$buyer"
expect_code "somebody else's ask is not found" NOT_FOUND ASK_NOT_FOUND
call bidding PlaceBid "{\"market_id\":\"00000000-0000-7000-8000-000000000000\",\"price\":20000}" "$buyer"
expect_code "an unknown market" NOT_FOUND MARKET_NOT_FOUND
price
expect_eq "none of it changed the market" "$(field marketPrice.bestBid.price)/$(field marketPrice.bestAsk.price)" 20000/22000

step "A bid at 225.00 matches at once, at the seller's 220.00"
bid 22500 "$buyer" "\"client_order_id\":\"c-$run\""
expect_code "bid 225.00" OK
second_bid=$(field bid.id)
expect_eq "the bid is matched" "$(field bid.status)" MATCHED
expect_eq "there is one match" "$(field matches.length)" 1
match=$(field matches.0.id)
expect_eq "the price is the seller's" "$(field matches.0.price)" 22000
expect_eq "it is the waiting ask" "$(field matches.0.askId)" "$first_ask"
bid 22500 "$buyer" "\"client_order_id\":\"c-$run\""
expect_eq "the same bid sent again is the same match" "$(field matches.0.id)" "$match"
call bidding GetBid "{\"bid_id\":$second_bid}" "$buyer"
expect_eq "the buyer sees it matched" "$(field bid.status) $(field bid.openQuantity)" "MATCHED 0"
call bidding GetAsk "{\"ask_id\":$first_ask}" "$seller"
expect_eq "the seller sees it matched" "$(field ask.status) $(field ask.openQuantity)" "MATCHED 0"

step "They left the book"
call bidding GetDepth "{\"market_id\":\"$market\"}"
expect_eq "no ask is left" "$(field asks.length)" 0
expect_eq "the bid at 200.00 is" "$(field bids.length) $(field bids.0.price)" "1 20000"
call bidding GetLowestAsk "{\"market_id\":\"$market\"}"
expect_eq "there is no lowest ask" "$(field bestAsk.price)" ""
call bidding GetHighestBid "{\"market_id\":\"$market\"}"
expect_eq "the highest bid is 200.00" "$(field bestBid.price)" 20000
price
expect_eq "the last sale was at 220.00" "$(field marketPrice.lastSale.price)" 22000
expect_eq "there is no spread" "$(field marketPrice.spread)" ""
expect_eq "volume and sales of the day" "$(field marketPrice.volume24h) $(field marketPrice.sales24h)" "22000 1"

step "It is in both histories"
call bidding ListMyMatches "{\"market_id\":\"$market\"}" "$buyer"
expect_eq "the buyer's" "$(field matches.length) $(field matches.0.id) $(field matches.0.side) $(field matches.0.price)" "1 $match BID 22000"
call bidding ListMyMatches "{\"market_id\":\"$market\"}" "$seller"
expect_eq "the seller's" "$(field matches.length) $(field matches.0.id) $(field matches.0.side) $(field matches.0.price)" "1 $match ASK 22000"
call bidding ListSales "{\"market_id\":\"$market\"}"
expect_eq "the market's" "$(field sales.length) $(field sales.0.price)" "1 22000"
call bidding ListMyBids "{\"market_id\":\"$market\"}" "$buyer"
expect_eq "the buyer's bids, newest first" "$(field bids.0.status) $(field bids.1.status)" "MATCHED ACTIVE"
call bidding GetMatch "{\"match_id\":$match}" "$owner_token"
expect_code "not in anybody else's" NOT_FOUND MATCH_NOT_FOUND

step "First come, first served"
ask 23000 "$seller"
earlier=$(field ask.id)
ask 23000 "$seller"
later=$(field ask.id)
bid 23000 "$buyer"
expect_eq "the earlier ask at the same price" "$(field matches.0.askId)" "$earlier"

step "Cancel"
call bidding CancelBid "{\"bid_id\":$first_bid}" "$buyer"
expect_eq "the bid is cancelled" "$(field bid.status)" CANCELLED
call bidding CancelBid "{\"bid_id\":$first_bid}" "$buyer"
expect_code "once" FAILED_PRECONDITION NOT_OPEN
call bidding CancelBid "{\"bid_id\":$second_bid}" "$buyer"
expect_code "what is matched stays matched" FAILED_PRECONDITION ALREADY_MATCHED
call bidding CancelAsk "{\"ask_id\":$later}" "$seller"
expect_eq "the ask is cancelled" "$(field ask.status)" CANCELLED
price
expect_eq "the market is empty again" "$(field marketPrice.openBids)/$(field marketPrice.openAsks)" 0/0
finish
