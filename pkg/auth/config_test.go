package auth

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

func TestUSER_004_StartIsRefusedWithoutGoodKeys(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys                 string
		production, loopback bool
		want                 string
	}{
		"missing":                     {"", false, true, "JWT_KEYS is blank"},
		"blank":                       {"   ", true, true, "JWT_KEYS is blank"},
		"without kid":                 {secretA, false, true, "must be kid:secret"},
		"empty kid":                   {":" + secretA, false, true, "the kid of key 1"},
		"kid with a path":             {"../a:" + secretA, false, true, "the kid of key 1"},
		"empty secret":                {"a:", false, true, "has 0 bytes"},
		"short secret":                {"a:" + secretA[:31], false, true, "has 31 bytes"},
		"short second secret":         {"a:" + secretA + ",b:short", false, true, `"b" has 5 bytes`},
		"same kid twice":              {"a:" + secretA + ",a:" + secretB, false, true, "named twice"},
		"three keys":                  {"a:" + secretA + ",b:" + secretB + ",c:" + secretA, false, true, "at most 2"},
		"default in production":       {DevelopmentKeys, true, true, "development key"},
		"default beyond loopback":     {DevelopmentKeys, false, false, "development key"},
		"default under another name":  {"x:" + strings.TrimPrefix(DevelopmentKeys, "development:"), true, true, "development key"},
		"default as the second alive": {"a:" + secretA + "," + DevelopmentKeys, true, true, "development key"},
	} {
		err := Config{Keys: c.keys}.Check(c.production, c.loopback)
		require.ErrorContains(t, err, c.want, name)
		require.ErrorContains(t, err, "JWT_KEYS", name)
		require.NotContains(t, err.Error(), secretA[:31], name)
	}
}

func TestUSER_004_GoodKeysStart(t *testing.T) {
	t.Parallel()
	require.NoError(t, Config{Keys: DevelopmentKeys}.Check(false, true))
	require.NoError(t, Config{Keys: "a:" + secretA + ", b:" + secretB, AccessTTL: time.Minute}.Check(true, false))
	require.ErrorContains(t, Config{Keys: DevelopmentKeys, AccessTTL: time.Hour}.Check(false, true), "JWT_ACCESS_TTL")
}

func TestTheDefaultOfTheVariableIsTheDevelopmentKey(t *testing.T) {
	t.Parallel()
	f, ok := reflect.TypeFor[Config]().FieldByName("Keys")
	require.True(t, ok)
	require.Equal(t, DevelopmentKeys, f.Tag.Get("envDefault"))
}

func TestNothingIsSignedOrVerifiedWithoutAKey(t *testing.T) {
	t.Parallel()
	_, err := NewIssuer(Config{}, clock.NewFake(t0))
	require.ErrorContains(t, err, "JWT_KEYS")
	_, err = NewVerifier(Config{}, clock.NewFake(t0))
	require.ErrorContains(t, err, "JWT_KEYS")
	_, err = NewRefresher(Config{})
	require.ErrorContains(t, err, "JWT_KEYS")
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]bool{
		"127.0.0.1:50051": true, "127.8.8.8:1": true, "[::1]:50051": true, "localhost:1": true,
		"0.0.0.0:50051": false, ":50051": false, "[::]:1": false, "10.0.0.1:1": false, "example.com:1": false, "127.0.0.1": false,
	} {
		require.Equal(t, want, Loopback(listen), listen)
	}
}

func TestUSER_009_RolesAreTheEightOfTheMarketplace(t *testing.T) {
	t.Parallel()
	require.Len(t, Roles(), 8)
	require.True(t, RoleOwner.Valid())
	require.False(t, Role("root").Valid())
	require.False(t, Role("").Valid())
}
