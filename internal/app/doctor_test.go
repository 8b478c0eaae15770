package app

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

func examine(t *testing.T, src config.Source, state string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := Doctor(context.Background(), src, state, &out)
	return out.String(), err
}

func TestDoctorFindsNothingWrong(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	src := variables(testkit.DatabaseURL(t)).With(config.Source{"REDIS_URL": "redis://" + redis.Addr()})
	out, err := examine(t, src, stateDir(t))
	require.NoError(t, err, out)
	require.Contains(t, out, "schema at version")
	require.Contains(t, out, "answers")

	src["DATABASE_URL"] = testkit.EmptyDatabaseURL(t)
	out, err = examine(t, src, filepath.Join(stateDir(t), "made", "later"))
	require.NoError(t, err, out)
	require.Contains(t, out, "marketplace migrate up")
}

func TestDoctorSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's listener
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	src := config.Source{
		"DATABASE_URL": "postgres://127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1",
		"USER_LISTEN": l.Addr().String(), "PRODUCT_LISTEN": "nowhere.invalid:1", "BIDDING_LISTEN": "127.0.0.1:0",
	}
	out, err := examine(t, src, "/proc/none")
	require.ErrorContains(t, err, "5 of 8 checks failed")
	for _, part := range []string{"connection refused", "USER_LISTEN", "PRODUCT_LISTEN", "cannot be written", "does not answer"} {
		require.Contains(t, out, part)
	}
	_, err = examine(t, config.Source{"MARKETPLACE_X": "1"}, "")
	require.ErrorContains(t, err, "MARKETPLACE_X")
}

func TestDoctorSeesDataOfAnotherMajor(t *testing.T) {
	t.Parallel()
	state := stateDir(t)
	data := filepath.Join(state, "pgdata")
	require.NoError(t, os.Mkdir(data, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("14\n"), 0o600))
	src := variables("")
	delete(src, "DATABASE_URL")
	out, err := examine(t, src.With(config.Source{"REDIS_URL": "::"}), state)
	require.Error(t, err)
	require.Contains(t, out, "PostgreSQL")
	require.Contains(t, out, "FAIL")
}

func TestDoctorKnowsARunningMarketplace(t *testing.T) {
	t.Parallel()
	src := variables(testkit.EmptyDatabaseURL(t))
	o := open(t, src, stateDir(t), false).ready(t)
	delete(src, "DATABASE_URL")
	out, err := examine(t, src, o.state)
	require.NoError(t, err, out)
	require.Contains(t, out, "in use by process")
	require.Contains(t, out, ", running")
	o.stop(t)
}
