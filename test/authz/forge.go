package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// The signing keys of the services under test. A forger knows neither; the proof signs
// with the first what is wrong in nothing but the one thing it is about.
const (
	signingKeyID = "authz"
	signingKey   = "0123456789abcdef0123456789abcdef-of-the-authz-proof"
)

// servicePurpose is what the key of service tokens is derived for; an attacker has read
// the sources.
const servicePurpose = "sneakers-marketplace service token v1"

func serviceKey(secret string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(servicePurpose))
	return h.Sum(nil)
}

// change is what a forgery has otherwise; nil takes a field away.
type change map[string]any

// forgery is a token that is good but for one thing.
type forgery struct {
	name            string
	header, payload change
	method          jwt.SigningMethod // nil: HS256
	key             any               // nil: the right one
}

// forgeries are wrong for access tokens and for service tokens alike.
func forgeries(now time.Time) ([]forgery, error) {
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	_, known, _ := strings.Cut(auth.DevelopmentKeys, ":")
	kid, _, _ := strings.Cut(auth.DevelopmentKeys, ":")
	return []forgery{
		{name: "alg none", header: change{"alg": "none"}, method: jwt.SigningMethodNone, key: jwt.UnsafeAllowNoneSignatureType},
		{name: "alg None", header: change{"alg": "None"}, method: jwt.SigningMethodNone, key: jwt.UnsafeAllowNoneSignatureType},
		{name: "alg none, yet signed", header: change{"alg": "none"}},
		{name: "no alg", header: change{"alg": nil}},
		{name: "HS512", header: change{"alg": "HS512"}, method: jwt.SigningMethodHS512},
		{name: "HS384 said to be HS256", method: jwt.SigningMethodHS384},
		{name: "RS256", header: change{"alg": "RS256"}, method: jwt.SigningMethodRS256, key: stranger},
		{name: "RS256 said, HMAC used", header: change{"alg": "RS256"}},
		{name: "a key of one's own", key: []byte("another-key-that-is-long-enough-too")},
		{name: "the public development key", key: []byte(known)},
		{name: "the public development key by its name", header: change{"kid": kid}, key: []byte(known)},
		{name: "the empty key", key: []byte{}},
		{name: "no kid", header: change{"kid": nil}},
		{name: "an unknown kid", header: change{"kid": "another"}},
		{name: "a kid that is a path", header: change{"kid": "../../../../dev/null"}, key: []byte{}},
		{name: "a kid that is SQL", header: change{"kid": signingKeyID + "' UNION SELECT 'x"}},
		{name: "a kid that is a number", header: change{"kid": 1}},
		{name: "a jku header", header: change{"jku": "https://evil.example/jwks.json"}},
		{name: "a jwk header", header: change{"jwk": map[string]any{"kty": "oct", "k": "c2VjcmV0"}}},
		{name: "an x5u header", header: change{"x5u": "https://evil.example/cert"}},
		{name: "an x5c header", header: change{"x5c": []string{"MIIB"}}},
		{name: "a crit header", header: change{"crit": []string{"b64"}, "b64": false}},
		{name: "another issuer", payload: change{"iss": "another-shop"}},
		{name: "no issuer", payload: change{"iss": nil}},
		{name: "another audience", payload: change{"aud": "another-shop"}},
		{name: "no audience", payload: change{"aud": nil}},
		{name: "expired", payload: change{"exp": now.Add(-time.Second).Unix()}},
		{name: "expired long ago", payload: change{"exp": now.Add(-time.Hour).Unix(), "nbf": now.Add(-2 * time.Hour).Unix(), "iat": now.Add(-2 * time.Hour).Unix()}},
		{name: "not yet valid", payload: change{"nbf": now.Add(time.Hour).Unix()}},
		{name: "no exp", payload: change{"exp": nil}},
		{name: "no nbf", payload: change{"nbf": nil}},
		{name: "no iat", payload: change{"iat": nil}},
		{name: "no typ", payload: change{"typ": nil}},
		{name: "typ refresh", payload: change{"typ": "refresh"}},
		{name: "as long as a book", payload: change{"pad": strings.Repeat("x", 4096)}},
	}, nil
}

// accessForgeries are wrong for access tokens alone.
func accessForgeries() []forgery {
	return []forgery{
		{name: "typ service", payload: change{"typ": "service"}},
		{name: "the key of service tokens", key: serviceKey(signingKey)},
		{name: "no jti", payload: change{"jti": nil}},
		{name: "a sub that is no id", payload: change{"sub": "1"}},
		{name: "a sub that is nobody", payload: change{"sub": id.None.String()}},
		{name: "a sid that is no id", payload: change{"sid": "1 OR 1=1"}},
		{name: "a sid that is none", payload: change{"sid": id.None.String()}},
		{name: "roles that are no list", payload: change{"roles": "owner"}},
	}
}

// serviceForgeries are wrong for service tokens alone.
func serviceForgeries() []forgery {
	return []forgery{
		{name: "typ access", payload: change{"typ": "access"}},
		{name: "the key of access tokens", key: []byte(signingKey)},
		{name: "no sub", payload: change{"sub": ""}},
		{name: "a sub that is an account", payload: change{"sub": "01890A5D-AC96-774B-BCCE-B302099A8057"}},
		{name: "a sub of two lines", payload: change{"sub": "bidding\norder"}},
	}
}

// token writes the forgery out, from the claims of an honest token.
func (f forgery) token(honest map[string]any, right []byte) (string, error) {
	header := map[string]any{"alg": "HS256", "typ": "JWT", "kid": signingKeyID}
	payload := maps.Clone(honest)
	for _, part := range []struct{ into, with map[string]any }{{header, f.header}, {payload, f.payload}} {
		maps.Copy(part.into, part.with)
		maps.DeleteFunc(part.into, func(_ string, v any) bool { return v == nil })
	}
	method, key := f.method, f.key
	if method == nil {
		method = jwt.SigningMethodHS256
	}
	if key == nil {
		key = right
	}
	text, err := unsigned(header, payload)
	if err != nil {
		return "", err
	}
	signature, err := method.Sign(text, key)
	if err != nil {
		return "", fmt.Errorf("forge %s: %w", f.name, err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func unsigned(header, payload map[string]any) (string, error) {
	var parts [2]string
	for i, m := range []map[string]any{header, payload} {
		raw, err := json.Marshal(m)
		if err != nil {
			return "", fmt.Errorf("forge a token: %w", err)
		}
		parts[i] = base64.RawURLEncoding.EncodeToString(raw)
	}
	return strings.Join(parts[:], "."), nil
}

// tampered are changes to the text of a token that is good.
func tampered(token string, raised map[string]any) (map[string]string, error) {
	part := strings.Split(token, ".")
	higher, err := unsigned(map[string]any{"alg": "HS256", "typ": "JWT", "kid": signingKeyID}, raised)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"a payload raised to owner": higher + "." + part[2],
		"a signature cut off":       part[0] + "." + part[1] + ".",
		"a signature missing":       part[0] + "." + part[1],
		"a signature shortened":     token[:len(token)-4],
		"four parts":                token + ".x",
		"padded base64":             token + "=",
		"a token twice":             token + token,
		"no token at all":           "x",
	}, nil
}
