package auth

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func credential(t *testing.T, p pair, keys, name string) *ServiceCredential {
	t.Helper()
	c, err := NewServiceCredential(Config{Keys: keys}, name, p.clock)
	require.NoError(t, err)
	return c
}

func TestAUTH_002_AServiceTokenSaysWhichServiceItIs(t *testing.T) {
	t.Parallel()
	p := setup(t, "a:"+secretA)
	c := credential(t, p, "a:"+secretA, "bidding")
	token, err := c.Token()
	require.NoError(t, err)
	claims, err := p.verifier.Service(token)
	require.NoError(t, err)
	require.Equal(t, ServiceClaims{"bidding", t0.Add(ServiceTTL)}, claims)

	p.clock.Advance(ServiceTTL/2 - time.Second)
	again, err := c.Token()
	require.NoError(t, err)
	require.Equal(t, token, again, "one token is used for half its life")
	p.clock.Advance(time.Second)
	fresh, err := c.Token()
	require.NoError(t, err)
	require.NotEqual(t, token, fresh)
	p.clock.Advance(ServiceTTL / 2)
	_, err = p.verifier.Service(token)
	require.ErrorIs(t, err, ErrServiceToken, "expired")
	_, err = p.verifier.Service(fresh)
	require.NoError(t, err)
}

func TestAUTH_002_KeysOfServicesRotateWithTheOthers(t *testing.T) {
	t.Parallel()
	p := setup(t, "b:"+secretB+",a:"+secretA)
	for _, keys := range []string{"a:" + secretA, "b:" + secretB} {
		token, err := credential(t, p, keys, "order").Token()
		require.NoError(t, err)
		_, err = p.verifier.Service(token)
		require.NoError(t, err)
	}
	for _, name := range []string{"", "Bidding", "a b", "-x", "../user"} {
		_, err := NewServiceCredential(Config{Keys: "a:" + secretA}, name, p.clock)
		require.ErrorContains(t, err, "service name")
	}
	_, err := NewServiceCredential(Config{Keys: "a:short"}, "order", p.clock)
	require.ErrorContains(t, err, "JWT_KEYS")
}

func TestAUTH_002_ForgedServiceTokensAreRefused(t *testing.T) {
	t.Parallel()
	p := setup(t, "a:"+secretA)
	key := mac([]byte(secretA), servicePurpose)
	honestService := func() (header, payload map[string]any) {
		header, payload = honest()
		payload["typ"], payload["sub"] = typeService, "bidding"
		return header, payload
	}
	header, payload := honestService()
	_, err := p.verifier.Service(forge(t, header, payload, jwt.SigningMethodHS256, key))
	require.NoError(t, err, "the corpus starts from a good token")
	access, _, err := p.issuer.Access(id.New(), id.New(), []Role{RoleOwner})
	require.NoError(t, err)
	_, err = p.verifier.Service(access)
	require.ErrorIs(t, err, ErrServiceToken, "an access token is no service token")
	good, err := credential(t, p, "a:"+secretA, "bidding").Token()
	require.NoError(t, err)
	_, err = p.verifier.Access(good)
	require.ErrorIs(t, err, ErrTokenInvalid, "a service token is no access token")

	type change map[string]any
	for name, c := range map[string]struct {
		header, payload change
		method          jwt.SigningMethod
		key             any
	}{
		"none alg":                {header: change{"alg": "none"}, method: jwt.SigningMethodNone, key: jwt.UnsafeAllowNoneSignatureType},
		"key of access tokens":    {key: []byte(secretA)},
		"key of refresh tokens":   {key: mac([]byte(secretA), refreshPurpose)},
		"empty key":               {key: []byte{}},
		"HS512":                   {header: change{"alg": "HS512"}, method: jwt.SigningMethodHS512},
		"no kid":                  {header: change{"kid": nil}},
		"unknown kid":             {header: change{"kid": "z"}},
		"jku header":              {header: change{"jku": "https://evil.example/jwks.json"}},
		"access as service":       {payload: change{"typ": "access"}},
		"no type":                 {payload: change{"typ": nil}},
		"wrong issuer":            {payload: change{"iss": "somebody"}},
		"wrong audience":          {payload: change{"aud": "another"}},
		"no service":              {payload: change{"sub": ""}},
		"service that cannot be":  {payload: change{"sub": "bidding\norder"}},
		"an account as a service": {payload: change{"sub": "01890A5D-AC96-774B-BCCE-B302099A8057"}},
		"no exp":                  {payload: change{"exp": nil}},
		"expired":                 {payload: change{"exp": t0.Add(-time.Second).Unix()}},
		"not yet":                 {payload: change{"nbf": t0.Add(time.Minute).Unix()}},
		"no iat":                  {payload: change{"iat": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header, payload := honestService()
			merge(header, c.header)
			merge(payload, c.payload)
			if c.method == nil {
				c.method = jwt.SigningMethodHS256
			}
			if c.key == nil {
				c.key = key
			}
			claims, err := p.verifier.Service(forge(t, header, payload, c.method, c.key))
			require.ErrorIs(t, err, ErrServiceToken)
			require.Zero(t, claims)
		})
	}
}

func FuzzService(f *testing.F) {
	p := setup(f, "a:"+secretA)
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		_, err := p.verifier.Service(token)
		require.ErrorIs(t, err, ErrServiceToken)
	})
}
