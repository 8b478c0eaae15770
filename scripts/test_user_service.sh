#!/usr/bin/env bash
# Tests the user service from outside: accounts, passwords, sessions, profile, addresses.
. "$(dirname "$0")/lib.sh"

email="anna-$run@example.com" password="running shoes $run"
other="ben-$run@example.com"
credentials="{\"email\":\"$email\",\"password\":\"$password\"}"

step "Register and sign in"
account="{\"email\":\"$email\",\"password\":\"$password\",\"first_name\":\"Anna\",\"last_name\":\"Berg\"}"
call user Register "$account"
expect_code "register with email and password" OK
expect_eq "registering says nothing about the account" "$answer" ""
call user Login "$credentials"
expect_code "login" OK
id=$(field user.id) access=$(field accessToken) refresh=$(field refreshToken)
expect_like "the access token is a signed token" "$access" '*.*.*'
expect_ne "the refresh token is another one" "$refresh" "$access"
expect_eq "the access token lives 15 minutes" "$(field expiresIn)" 900
expect_eq "login names the account" "$(field user.email)" "$email"
expect_eq "a new account is a user" "$(field user.roles.0)" user
[ -n "$access" ] || fatal "nothing goes on without a token"

step "What is refused"
call user Login "{\"email\":\"$email\",\"password\":\"not $password\"}"
expect_code "a wrong password is refused" UNAUTHENTICATED INVALID_CREDENTIALS
call user Register "$account"
expect_code "a taken email is refused" ALREADY_EXISTS EMAIL_TAKEN
call user Register "{\"email\":\"ANNA-$run@Example.com\",\"password\":\"$password\",\"first_name\":\"A\",\"last_name\":\"B\"}"
expect_code "in capitals it is the same email" ALREADY_EXISTS EMAIL_TAKEN
call user Register "{\"email\":\"$other\",\"password\":\"short\",\"first_name\":\"A\",\"last_name\":\"B\"}"
expect_code "a short password is refused" INVALID_ARGUMENT
call user GetProfile '{}'
expect_code "nobody has no profile" UNAUTHENTICATED TOKEN_MISSING
call user GetProfile '{}' "$refresh"
expect_code "a refresh token is no access token" UNAUTHENTICATED TOKEN_INVALID
call user GetProfile '{}' "$(printf '%s' "$access" | cut -d. -f1,2).forged"
expect_code "a forged token is refused" UNAUTHENTICATED TOKEN_INVALID

step "What the database holds"
hash=$(sql "SELECT password_hash FROM users WHERE email = '$email'")
expect_like "the password is a bcrypt hash of cost 12" "$hash" '$2?$12$*'
expect_eq "the hash has bcrypt's length" "${#hash}" 60
sessions="SELECT count(*) FROM sessions WHERE user_id = '$id' AND revoked_at IS NULL AND expires_at > now()"
expect_eq "the login made a session" "$(sql "$sessions")" 1
expect_eq "refresh tokens are kept as hashes only" \
    "$(sql "SELECT count(*) FROM refresh_tokens WHERE encode(token_hash, 'escape') LIKE '%$refresh%'")" 0

step "Profile"
call user UpdateProfile '{"first_name":"Anne","phone":"+46 8 123 45","shoe_size":"9.5","update_mask":{"paths":["first_name","phone","shoe_size"]}}' "$access"
expect_code "update the profile" OK
call user GetProfile '{}' "$access"
expect_eq "the new first name is there" "$(field user.firstName)" Anne
expect_eq "the last name is untouched" "$(field user.lastName)" Berg
expect_eq "the shoe size is there" "$(field user.shoeSize)" 9.5

step "Addresses"
address='"kind":"SHIPPING","recipient":"Anna Berg","city":"Stockholm","postal_code":"111 22","country":"SE"'
call user AddAddress "{\"address\":{$address,\"line1\":\"Storgatan 1\",\"is_default\":true}}" "$access"
expect_code "add an address" OK
first=$(field address.id)
call user AddAddress "{\"address\":{$address,\"line1\":\"Storgatan 2\",\"is_default\":true}}" "$access"
expect_code "add another, the default from now on" OK
second=$(field address.id)
call user ListAddresses '{"kind":"SHIPPING"}' "$access"
expect_eq "both addresses are listed" "$(field addresses.length)" 2
expect_eq "one of them is the default" "$(counting addresses isDefault true)" 1
expect_eq "it is the second" "$(field "addresses.$(holding addresses isDefault true).id")" "$second"
call user UpdateAddress "{\"address_id\":\"$first\",\"address\":{\"line1\":\"Storgatan 3\"},\"update_mask\":{\"paths\":[\"line1\"]}}" "$access"
expect_eq "an address can be changed" "$(field address.line1)" "Storgatan 3"
call user DeleteAddress "{\"address_id\":\"$second\"}" "$access"
expect_code "delete the default" OK
call user GetAddress "{\"address_id\":\"$first\"}" "$access"
expect_eq "the remaining one is the default" "$(field address.isDefault)" true

step "Somebody else"
sign_up "$other" "$password" Ben Dahl
sign_in "$other" "$password"
stranger=$(field accessToken)
call user GetAddress "{\"address_id\":\"$first\"}" "$stranger"
expect_code "another account's address is not found" NOT_FOUND ADDRESS_NOT_FOUND
call user ListUsers '{}' "$stranger"
expect_code "accounts are for administrators" PERMISSION_DENIED ROLE_REQUIRED
call user AcceptSellerTerms '{}' "$stranger"
expect_eq "accepting the terms makes a seller" "$(values user.roles)" "seller user"

step "Refresh and logout"
call user RefreshToken "{\"refresh_token\":\"$refresh\"}"
expect_code "refresh" OK
rotated=$(field refreshToken) access=$(field accessToken)
expect_ne "the refresh token rotates" "$rotated" "$refresh"
call user ListSessions '{}' "$access"
expect_eq "it is the same session" "$(field sessions.length)" 1
expect_eq "and the present one" "$(field sessions.0.current)" true
call user Logout '{}' "$access"
expect_code "logout" OK
call user GetProfile '{}' "$access"
expect_code "logout ends the access token" UNAUTHENTICATED SESSION_REVOKED
call user RefreshToken "{\"refresh_token\":\"$rotated\"}"
expect_code "logout ends the refresh token" UNAUTHENTICATED
expect_eq "no live session is left" "$(sql "$sessions")" 0
finish
