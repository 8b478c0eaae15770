package archtest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	all, err := List(t.Context(), root)
	require.NoError(t, err)
	require.Greater(t, len(all), 40, "go list did not see the repository")
	require.Empty(t, Floors(all))
}

func TestAnImportThatPointsUpOrSidewaysIsSeen(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ from, to, why string }{
		"model uses a service":          {"internal/bidding/model", Module + "/internal/bidding/service", "lower floor"},
		"model uses a book":             {"internal/bidding/model", Module + "/internal/bidding/book", "lower floor"},
		"book uses the engine":          {"internal/bidding/book", Module + "/internal/bidding/engine", "lower floor"},
		"book uses the journal":         {"internal/bidding/book", Module + "/internal/bidding/journal", "lower floor"},
		"book uses a clock":             {"internal/bidding/book", Module + "/pkg/clock", "a vocabulary uses"},
		"book uses a context":           {"internal/bidding/book", "context", "could wait"},
		"model uses a third party":      {"internal/user/model", "github.com/google/uuid", "standard library"},
		"model uses protobuf":           {"internal/product/model", "google.golang.org/protobuf/proto", "standard library"},
		"journal uses another proto":    {"internal/bidding/journal", Module + "/pkg/proto/bidding/v1", "a vocabulary uses"},
		"engine uses the service":       {"internal/bidding/engine", Module + "/internal/bidding/service", "lower floor"},
		"engine uses the repository":    {"internal/bidding/engine", Module + "/internal/bidding/repository", "lower floor"},
		"service uses the driver":       {"internal/user/service", "github.com/jackc/pgx/v5", "neither SQL nor gRPC"},
		"service uses the pool":         {"internal/user/service", Module + "/pkg/database", "neither SQL nor gRPC"},
		"service uses status codes":     {"internal/user/service", "google.golang.org/grpc/codes", "neither SQL nor gRPC"},
		"handler uses the repository":   {"internal/user/handler", Module + "/internal/user/repository", "lower floor"},
		"handler uses a peer":           {"internal/bidding/handler", Module + "/internal/bidding/peer", "lower floor"},
		"a service uses another":        {"internal/bidding/peer", Module + "/internal/product/model", "through gRPC"},
		"a service uses another whole":  {"internal/bidding", Module + "/internal/product", "through gRPC"},
		"a tool uses a service":         {"internal/seed", Module + "/internal/user", "through gRPC"},
		"a tool uses a tool":            {"internal/seed", Module + "/internal/app", "through gRPC"},
		"a program uses a room":         {"internal/app", Module + "/internal/user/service", "as a whole"},
		"a main uses a room":            {"cmd/marketplace", Module + "/internal/user/model", "as a whole"},
		"a program uses the lab":        {"cmd/marketplace", Module + "/internal/lab", "only proofs"},
		"a proof uses a use case":       {"test/e2e", Module + "/internal/user/service", "as a whole"},
		"a main uses a main":            {"internal/app", Module + "/cmd/marketplace", "each other"},
		"pkg uses a service":            {"pkg/rpc", Module + "/internal/user", "knows nothing"},
		"pkg uses the migrations":       {"pkg/database", Module + "/migrations", "schema"},
		"a service uses the test kit":   {"internal/user/repository", Module + "/internal/testkit", "only tests"},
		"pkg uses the test kit":         {"pkg/database", Module + "/internal/testkit", "only tests"},
		"an import from an odd place":   {"internal/app", Module + "/util", "no known place"},
		"unknown folder at the root":    {"util", "fmt", "no such folder"},
		"unknown folder in internal":    {"internal/common", "fmt", "neither a service nor a tool"},
		"unknown room":                  {"internal/user/helpers", "fmt", "no room"},
		"internal itself":               {"internal", "fmt", "no such folder"},
		"repository's code uses a peer": {"internal/bidding/repository/dbgen", Module + "/internal/bidding/peer", "lower floor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := Floors([]Package{{Module + "/" + tc.from, []string{tc.to}}})
			require.Len(t, found, 1)
			require.Contains(t, found[0], tc.why)
			require.Contains(t, found[0], tc.from)
		})
	}
}

func TestAnImportThatPointsDownIsLeftAlone(t *testing.T) {
	t.Parallel()
	for from, to := range map[string][]string{
		"internal/bidding/book":       {"slices", Module + "/internal/bidding/model", Module + "/pkg/money", Module + "/pkg/errs"},
		"internal/bidding/journal":    {Module + "/internal/bidding/model", Module + "/pkg/proto/journal/v1", "google.golang.org/protobuf/proto"},
		"internal/bidding/service":    {"context", Module + "/internal/bidding/engine", Module + "/internal/bidding/model"},
		"internal/bidding/repository": {"github.com/jackc/pgx/v5", Module + "/internal/bidding/service", Module + "/pkg/database"},
		"internal/product/repository": {Module + "/internal/product/repository/dbgen"},
		"internal/bidding":            {Module + "/internal/bidding/peer", Module + "/pkg/run"},
		"internal/app":                {Module + "/internal/bidding", Module + "/internal/seed", Module + "/migrations"},
		"cmd/marketplace":             {Module + "/internal/app", "github.com/spf13/cobra"},
		"internal/testkit":            {Module + "/migrations", Module + "/pkg/embeddedpg"},
		"bench":                       {Module + "/internal/bidding/engine"},
		"test/e2e":                    {Module + "/internal/app"},
		"test/vectors":                {Module + "/internal/bidding/book", Module + "/internal/lab"},
		"internal/lab":                {Module + "/internal/app"},
	} {
		require.Empty(t, Floors([]Package{{Module + "/" + from, to}}), from)
	}
}

func TestAFolderThatIsNoModuleCannotBeListed(t *testing.T) {
	t.Parallel()
	_, err := List(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "go list")
}
