package main

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

// products writes a catalogue of two good rows and what else is given; its name.
func products(t *testing.T, more string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "catalogue.csv")
	require.NoError(t, os.WriteFile(path, []byte("sku,name,price\nA1,One,1\nA2,=Two,2\n"+more), 0o600))
	return path
}

// freePort is an address that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestPROD_007_ImportAndExportWorkOnDatabaseURL(t *testing.T) {
	t.Setenv("DATABASE_URL", testkit.DatabaseURL(t))
	state := t.TempDir()
	out, err := call(t, "", "--state", state, "import", products(t, ""), "--dry-run")
	require.NoError(t, err, out)
	require.Contains(t, out, "nothing was changed")
	require.Regexp(t, `\nimport rows=2 created=2 updated=0 unchanged=0 failed=0\n$`, out)
	out, err = call(t, "", "--state", state, "import", products(t, ""))
	require.NoError(t, err, out)
	require.Contains(t, out, "not understood and left out: price\n")
	require.Regexp(t, `\nimport rows=2 created=2 updated=0 unchanged=0 failed=0\n$`, out)
	out, err = call(t, "", "--state", state, "import", products(t, "A3,\n"))
	require.ErrorContains(t, err, "1 of 3 rows were not imported", "what fails is an exit code other than 0")
	require.Contains(t, out, "row 4: must have 3 cells")
	require.Regexp(t, `\nimport rows=3 created=0 updated=0 unchanged=2 failed=1\n$`, out)

	path := filepath.Join(t.TempDir(), "out.csv.gz")
	out, err = call(t, "", "--state", state, "export", path)
	require.NoError(t, err, out)
	require.Equal(t, "export rows=2\n", out)
	out, err = call(t, "", "--state", state, "import", path)
	require.NoError(t, err, out)
	require.Equal(t, "import rows=2 created=0 updated=0 unchanged=2 failed=0\n", out)
}

func TestPROD_007_ImportAndExportSignInAtAMarketplaceThatRuns(t *testing.T) {
	const email, password = "owner@shop.example", "a long enough password"
	t.Setenv(ownerPassword, password)
	url := testkit.DatabaseURL(t)
	users, catalogue := freePort(t), freePort(t)
	src := config.Environ().With(config.Source{
		"DATABASE_URL": url, "USER_LISTEN": users, "PRODUCT_LISTEN": catalogue, "BIDDING_LISTEN": "127.0.0.1:0", "METRICS_LISTEN": "",
		"USER_BCRYPT_COST": "4", "ENVIRONMENT": "test",
	})
	require.NoError(t, app.CreateOwner(t.Context(), src, url, email, password))
	state := t.TempDir()
	running := func(ctx context.Context, m *app.Marketplace) error {
		require.NoError(t, m.Ready(ctx))
		at := []string{"--state", t.TempDir(), "--user-addr", users, "--product-addr", catalogue}
		out, err := call(t, "", append(at, "import", products(t, ""), "--owner-email", email)...)
		require.NoError(t, err, out)
		require.Contains(t, out, "created=2")
		out, err = call(t, "", append(at, "export", filepath.Join(t.TempDir(), "x.jsonl"), "--owner-email", email)...)
		require.NoError(t, err, out)
		_, err = call(t, "", append(at, "import", products(t, ""))...)
		require.ErrorContains(t, err, "--owner-email")
		t.Setenv(ownerPassword, "wrong password")
		_, err = call(t, "", append(at, "import", products(t, ""), "--owner-email", email)...)
		require.ErrorContains(t, err, "sign in as "+email)
		return nil
	}
	require.NoError(t, app.Run(t.Context(), app.Options{Source: src, State: state, Log: io.Discard}, running))
}

func TestPROD_007_ImportAndExportSayWhatTheyLack(t *testing.T) {
	t.Setenv("DATABASE_URL", testkit.EmptyDatabaseURL(t))
	_, err := call(t, "", "import", filepath.Join(t.TempDir(), "none.csv"))
	require.ErrorContains(t, err, "no such file")
	_, err = call(t, "", "export", "catalogue.xls")
	require.ErrorContains(t, err, "must end in .csv")
	_, err = call(t, "", "import", products(t, ""), "--user-addr", "127.0.0.1:1")
	require.ErrorContains(t, err, "both addresses")
	path := filepath.Join(t.TempDir(), "out.csv")
	_, err = call(t, "", "--state", t.TempDir(), "export", path)
	require.ErrorContains(t, err, "marketplace migrate up")
	require.NoFileExists(t, path)
	require.NoFileExists(t, path+".new")
}
