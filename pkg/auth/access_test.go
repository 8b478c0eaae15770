package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

const (
	secretA = "a-secret-of-at-least-thirty-two-bytes-A"
	secretB = "a-secret-of-at-least-thirty-two-bytes-B"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type pair struct {
	issuer   *Issuer
	verifier *Verifier
	clock    *clock.Fake
}

func setup(t testing.TB, keys string) pair {
	t.Helper()
	clk := clock.NewFake(t0)
	issuer, err := NewIssuer(Config{Keys: keys}, clk)
	require.NoError(t, err)
	verifier, err := NewVerifier(Config{Keys: keys}, clk)
	require.NoError(t, err)
	return pair{issuer, verifier, clk}
}

func TestUSER_004_ATokenSaysWhoItIs(t *testing.T) {
	t.Parallel()
	p, account, session := setup(t, "a:"+secretA), id.New(), id.New()
	token, life, err := p.issuer.Access(account, session, []Role{RoleUser, RoleSeller})
	require.NoError(t, err)
	require.Equal(t, 15*time.Minute, life)
	c, err := p.verifier.Access(token)
	require.NoError(t, err)
	require.Equal(t, account, c.Account)
	require.Equal(t, session, c.Session)
	require.Equal(t, []Role{RoleUser, RoleSeller}, c.Roles)
	require.Equal(t, t0, c.IssuedAt)
	require.Equal(t, t0.Add(15*time.Minute), c.ExpiresAt)
	require.NotEmpty(t, c.TokenID)
	require.True(t, c.Has(RoleAdmin, RoleSeller))
	require.False(t, c.Has(RoleAdmin))
	require.False(t, c.Anonymous())
	require.True(t, Claims{}.Anonymous())
}

func TestUSER_004_TheTokenCarriesEveryClaimAndItsKid(t *testing.T) {
	t.Parallel()
	p := setup(t, "a:"+secretA)
	token, _, err := p.issuer.Access(id.New(), id.New(), []Role{RoleUser})
	require.NoError(t, err)
	var header, payload map[string]any
	parts := strings.Split(token, ".")
	for i, into := range []*map[string]any{&header, &payload} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, into))
	}
	require.Equal(t, map[string]any{"alg": "HS256", "typ": "JWT", "kid": "a"}, header)
	require.Equal(t, "access", payload["typ"])
	for _, name := range []string{"iss", "aud", "sub", "sid", "jti", "typ", "roles", "iat", "nbf", "exp"} {
		require.Contains(t, payload, name)
	}
}

func TestUSER_004_TwoTokensOfOneSecondDiffer(t *testing.T) {
	t.Parallel()
	p, account, session := setup(t, "a:"+secretA), id.New(), id.New()
	one, _, err := p.issuer.Access(account, session, nil)
	require.NoError(t, err)
	two, _, err := p.issuer.Access(account, session, nil)
	require.NoError(t, err)
	require.NotEqual(t, one, two)
}

func TestUSER_004_ATokenDiesAfterFifteenMinutes(t *testing.T) {
	t.Parallel()
	p := setup(t, "a:"+secretA)
	token, _, err := p.issuer.Access(id.New(), id.New(), nil)
	require.NoError(t, err)
	p.clock.Advance(15*time.Minute - time.Second)
	_, err = p.verifier.Access(token)
	require.NoError(t, err)
	p.clock.Advance(time.Second)
	_, err = p.verifier.Access(token)
	require.ErrorIs(t, err, ErrTokenExpired)
}

func TestUSER_004_TwoLiveKeysAllowRotation(t *testing.T) {
	t.Parallel()
	before, during, after := setup(t, "a:"+secretA), setup(t, "b:"+secretB+",a:"+secretA), setup(t, "b:"+secretB)
	old, _, err := before.issuer.Access(id.New(), id.New(), nil)
	require.NoError(t, err)
	fresh, _, err := during.issuer.Access(id.New(), id.New(), nil)
	require.NoError(t, err)
	for _, token := range []string{old, fresh} {
		_, err = during.verifier.Access(token)
		require.NoError(t, err)
	}
	_, err = after.verifier.Access(fresh)
	require.NoError(t, err)
	_, err = after.verifier.Access(old)
	require.ErrorIs(t, err, ErrTokenInvalid)
}

// honest returns the header and payload of a good token, for forgeries to start from.
func honest() (header, payload map[string]any) {
	return map[string]any{"alg": "HS256", "typ": "JWT", "kid": "a"}, map[string]any{
		"iss": defaultName, "aud": []string{defaultName}, "sub": id.New().String(), "sid": id.New().String(),
		"jti": id.New().String(), "typ": "access", "roles": []string{"user"},
		"iat": t0.Unix(), "nbf": t0.Unix(), "exp": t0.Add(time.Minute).Unix(),
	}
}

func forge(t *testing.T, header, payload map[string]any, method jwt.SigningMethod, key any) string {
	t.Helper()
	var parts [2]string
	for i, m := range []map[string]any{header, payload} {
		raw, err := json.Marshal(m)
		require.NoError(t, err)
		parts[i] = base64.RawURLEncoding.EncodeToString(raw)
	}
	text := parts[0] + "." + parts[1]
	sig, err := method.Sign(text, key)
	require.NoError(t, err)
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func TestUSER_004_ForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	p := setup(t, "a:"+secretA+",b:"+secretB)
	right := []byte(secretA)
	header, payload := honest()
	_, err := p.verifier.Access(forge(t, header, payload, jwt.SigningMethodHS256, right))
	require.NoError(t, err, "the corpus starts from a good token")

	type change map[string]any
	cases := map[string]struct {
		header, payload change
		method          jwt.SigningMethod
		key             any
		want            error
	}{
		"none alg":              {header: change{"alg": "none"}, method: jwt.SigningMethodNone, key: jwt.UnsafeAllowNoneSignatureType},
		"None alg":              {header: change{"alg": "None"}, method: jwt.SigningMethodNone, key: jwt.UnsafeAllowNoneSignatureType},
		"alg missing":           {header: change{"alg": nil}},
		"empty key":             {key: []byte{}},
		"other key":             {key: []byte(secretB)},
		"public default key":    {key: []byte(strings.TrimPrefix(DevelopmentKeys, "development:"))},
		"HS512":                 {header: change{"alg": "HS512"}, method: jwt.SigningMethodHS512},
		"HS384 said as HS256":   {method: jwt.SigningMethodHS384},
		"RS256":                 {header: change{"alg": "RS256"}, method: jwt.SigningMethodRS256, key: rsaKey(t)},
		"RS256 signed as HMAC":  {header: change{"alg": "RS256"}},
		"no kid":                {header: change{"kid": nil}},
		"kid of the other key":  {header: change{"kid": "b"}},
		"unknown kid":           {header: change{"kid": "c"}},
		"kid traversal":         {header: change{"kid": "../../../../dev/null"}, key: []byte{}},
		"kid injection":         {header: change{"kid": "a' UNION SELECT 'x"}},
		"kid is a number":       {header: change{"kid": 1}},
		"jku header":            {header: change{"jku": "https://evil.example/jwks.json"}},
		"jwk header":            {header: change{"jwk": map[string]any{"kty": "oct", "k": "c2VjcmV0"}}},
		"x5u header":            {header: change{"x5u": "https://evil.example/cert"}},
		"crit header":           {header: change{"crit": []string{"b64"}, "b64": false}},
		"wrong issuer":          {payload: change{"iss": "somebody"}},
		"no issuer":             {payload: change{"iss": nil}},
		"wrong audience":        {payload: change{"aud": "another-service"}},
		"no audience":           {payload: change{"aud": nil}},
		"refresh as access":     {payload: change{"typ": "refresh"}},
		"no type":               {payload: change{"typ": nil}},
		"no jti":                {payload: change{"jti": nil}},
		"no iat":                {payload: change{"iat": nil}},
		"no exp":                {payload: change{"exp": nil}},
		"no nbf":                {payload: change{"nbf": nil}},
		"exp is text":           {payload: change{"exp": "tomorrow"}},
		"nbf in the future":     {payload: change{"nbf": t0.Add(10 * time.Second).Unix()}},
		"expired":               {payload: change{"exp": t0.Add(-time.Second).Unix()}, want: ErrTokenExpired},
		"expired of others":     {payload: change{"exp": t0.Add(-time.Second).Unix(), "aud": "x"}},
		"expired other type":    {payload: change{"exp": t0.Add(-time.Second).Unix(), "typ": "refresh"}},
		"sub is no id":          {payload: change{"sub": "1"}},
		"sub is the zero id":    {payload: change{"sub": id.None.String()}},
		"sid is no id":          {payload: change{"sid": "1 OR 1=1"}},
		"sid is the zero id":    {payload: change{"sid": id.None.String()}},
		"roles are no list":     {payload: change{"roles": "owner"}},
		"as long as a war book": {payload: change{"pad": strings.Repeat("x", maxTokenBytes)}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header, payload := honest()
			merge(header, c.header)
			merge(payload, c.payload)
			if c.method == nil {
				c.method = jwt.SigningMethodHS256
			}
			if c.key == nil {
				c.key = right
			}
			if c.want == nil {
				c.want = ErrTokenInvalid
			}
			claims, err := p.verifier.Access(forge(t, header, payload, c.method, c.key))
			require.ErrorIs(t, err, c.want)
			require.Zero(t, claims)
		})
	}
}

func merge(into, changes map[string]any) {
	maps.Copy(into, changes)
	maps.DeleteFunc(into, func(_ string, v any) bool { return v == nil })
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return k
}

func TestUSER_004_TamperedTokensAreRefused(t *testing.T) {
	t.Parallel()
	p := setup(t, "a:"+secretA)
	token, _, err := p.issuer.Access(id.New(), id.New(), []Role{RoleUser})
	require.NoError(t, err)
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	owner := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), `"user"`, `"owner"`, 1)))
	for name, bad := range map[string]string{
		"payload raised to owner": parts[0] + "." + owner + "." + parts[2],
		"signature cut off":       parts[0] + "." + parts[1] + ".",
		"signature missing":       parts[0] + "." + parts[1],
		"signature shortened":     token[:len(token)-4],
		"four parts":              token + ".x",
		"padded base64":           token + "=",
		"blank":                   "",
		"a refresh token":         (&Refresher{}).Root(),
		"a bearer prefix":         "Bearer " + token,
		"a line break":            token + "\n",
	} {
		_, err := p.verifier.Access(bad)
		require.ErrorIs(t, err, ErrTokenInvalid, name)
	}
}

func TestUnknownRolesInATokenAreIgnored(t *testing.T) {
	t.Parallel()
	p := setup(t, "a:"+secretA)
	header, payload := honest()
	payload["roles"] = []string{"root", "seller"}
	c, err := p.verifier.Access(forge(t, header, payload, jwt.SigningMethodHS256, []byte(secretA)))
	require.NoError(t, err)
	require.Equal(t, []Role{RoleSeller}, c.Roles)
}

func FuzzAccess(f *testing.F) {
	p := setup(f, "a:"+secretA)
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		_, err := p.verifier.Access(token)
		require.ErrorIs(t, err, ErrTokenInvalid)
	})
}

func BenchmarkAccess(b *testing.B) {
	p := setup(b, "a:"+secretA)
	token, _, _ := p.issuer.Access(id.New(), id.New(), []Role{RoleUser})
	for b.Loop() {
		if _, err := p.verifier.Access(token); err != nil {
			b.Fatal(err)
		}
	}
}
