package catalogue

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/product"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// shop is a product service on a database of its own, and an editor's context.
type shop struct {
	productv1.ProductServiceClient
	t      *testing.T
	editor context.Context //nolint:containedctx // the test's, with a token
}

func open(t *testing.T) shop {
	t.Helper()
	env := &run.Env{
		Source: config.Source{"DATABASE_URL": testkit.DatabaseURL(t)},
		Log:    zerolog.Nop(), Clock: clock.System{}, Network: rpc.NewNetwork(), Metrics: prometheus.NewRegistry(),
	}
	ctx, cancel := context.WithCancel(context.Background())
	built, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- run.Run(ctx, time.Minute, env, func(ctx context.Context, env *run.Env) ([]run.Task, error) {
			defer close(built)
			return product.NewAlone(ctx, env)
		})
	}()
	<-built
	conn, err := env.Network.Dial("product", "")
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		cancel()
		require.NoError(t, <-done)
	})
	issuer, err := auth.NewIssuer(auth.Config{Keys: auth.DevelopmentKeys}, clock.System{})
	require.NoError(t, err)
	token, _, err := issuer.Access(id.New(), id.New(), []auth.Role{auth.RoleCatalog})
	require.NoError(t, err)
	return shop{productv1.NewProductServiceClient(conn), t, rpc.Bearer(t.Context(), token)}
}

// file writes a file of that name.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if strings.HasSuffix(name, ".gz") {
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		text = zipped.String()
	}
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func (s shop) bring(path string, dry bool) (Report, error) {
	s.t.Helper()
	from, err := Open(path)
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, from.Close()) }()
	return Import(s.editor, s, from, dry, nil)
}

func (s shop) export(name string) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), name)
	to, err := Create(path)
	require.NoError(s.t, err)
	_, err = Export(s.editor, s, to, nil)
	require.NoError(s.t, err)
	require.NoError(s.t, to.Close())
	return path
}

func (s shop) product(sku string) *productv1.Product {
	s.t.Helper()
	r, err := s.GetProduct(s.editor, &productv1.GetProductRequest{Key: &productv1.GetProductRequest_Sku{Sku: sku}})
	require.NoError(s.t, err)
	return r.GetProduct()
}

const sample = `sku,name,brand,colorway,main_color,gender,retail_price_cents,release_date,source
102180-802,Air Footscape 'Carotene',Nike,,orange,,,,one
102356-01,"Puma V4, 11 FG",Puma,Vapor Grey/Green,,women,9000,2020-02-29,two
`

func TestPROD_007_ACSVIsImportedTwiceAndChangesNothingTheSecondTime(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, name := range []string{"a.csv", "b.csv.gz"} {
		r, err := s.bring(file(t, name, sample), true)
		require.NoError(t, err)
		require.EqualValues(t, 2, r.Created, "a dry run")
	}
	r, err := s.bring(file(t, "a.csv.gz", "\ufeff"+sample), false)
	require.NoError(t, err)
	require.Equal(t, "import rows=2 created=2 updated=0 unchanged=0 failed=0", r.String())
	require.Empty(t, r.Ignored)
	r, err = s.bring(file(t, "A.CSV", strings.ReplaceAll(sample, "\n", "\r\n")), false)
	require.NoError(t, err)
	require.Equal(t, "import rows=2 created=0 updated=0 unchanged=2 failed=0", r.String())
	p := s.product("102180-802")
	require.Equal(t, "orange", p.GetColorway(), "the main color fills a blank colorway")
	p = s.product("102356-01")
	require.Equal(t, []any{"Puma V4, 11 FG", "Vapor Grey/Green", "women", int64(90_00), "2020-02-29"},
		[]any{p.GetName(), p.GetColorway(), p.GetGender(), p.GetRetailPrice(), p.GetReleaseDate()})
}

func TestPROD_007_JSONLinesSayWhatToLeaveAlone(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, err := s.bring(file(t, "a.csv", sample), false)
	require.NoError(t, err)
	r, err := s.bring(file(t, "a.jsonl", `
{"sku":"102356-01","retail_price_cents":9500,"gender":null,"status":"HIDDEN","rating":5}
{"sku":"A1","name":"One","retail_price_cents":"100","description":"a\nb","tags":["x"]}
{"sku":"A2","name":["no"]}
{"sku":"A3","name":"x","status":"sold"}
{"sku":"A4","name":"x","retail_price_cents":19.99}
not json
null
`), false)
	require.NoError(t, err)
	require.Equal(t, "import rows=7 created=1 updated=1 unchanged=0 failed=5", r.String())
	require.Equal(t, []string{"rating", "tags"}, r.Ignored)
	said := []string{}
	for _, e := range r.Errors {
		said = append(said, e.Error())
	}
	require.Equal(t, []string{
		"row 4 field=name: must be a text or a number",
		"row 5 sku=A3 field=status: must be draft, active or hidden",
		"row 6 sku=A4 field=retail_price_cents: must be a whole number of cents, such as 11000",
		"row 7: must be a JSON object", "row 8: must be a JSON object",
	}, said)
	p := s.product("102356-01")
	require.EqualValues(t, 95_00, p.GetRetailPrice())
	require.Equal(t, "women", p.GetGender())
	require.Equal(t, productv1.ProductStatus_HIDDEN, p.GetStatus())
	require.EqualValues(t, 1_00, s.product("A1").GetRetailPrice())
}

func TestPROD_007_WhatIsExportedIsImportedUnchanged(t *testing.T) {
	t.Parallel()
	s := open(t)
	texts := []string{"=1+2", "'=1+2", "''=x", "+1", "-1", "@x", "'quoted'", `"a","b"`, "a,b;c", "Off-White × Nike™", "a'b", "\\n"}
	lines := make([]string, 0, 300)
	for i := range 300 {
		lines = append(lines, fmt.Sprintf(`{"sku":"%03d","name":%q,"description":%q,"retail_price_cents":%d,"status":%q}`,
			i, texts[i%len(texts)], texts[(i+1)%len(texts)]+"\nmore", i%3*100, []string{"active", "draft", "hidden"}[i%3]))
	}
	r, err := s.bring(file(t, "a.jsonl", strings.Join(lines, "\n")), false)
	require.NoError(t, err)
	require.EqualValues(t, 300, r.Created, "%v", r.Errors)
	for _, name := range []string{"x.csv", "x.csv.gz", "x.jsonl", "x.ndjson.gz"} {
		path := s.export(name)
		r, err := s.bring(path, false)
		require.NoError(t, err)
		require.Equal(t, "import rows=300 created=0 updated=0 unchanged=300 failed=0", r.String(), name)
		require.Empty(t, r.Ignored)
	}
	text, err := os.ReadFile(s.export("x.csv"))
	require.NoError(t, err)
	for cell := range strings.SplitSeq(strings.ReplaceAll(string(text), "\n", ","), ",") {
		require.NotRegexp(t, `^"?[=+\-@\t\r]`, cell, "a spreadsheet would run it")
	}
}

func TestPROD_007_AnImportThatIsCutOffIsRepeated(t *testing.T) {
	t.Parallel()
	s := open(t)
	var text strings.Builder
	text.WriteString("sku,name\n")
	for i := range 2000 {
		_, _ = fmt.Fprintf(&text, "S%d,Shoe %d\n", i, i)
	}
	path := file(t, "a.csv", text.String())
	from, err := Open(path)
	require.NoError(t, err)
	ctx, cut := context.WithCancel(s.editor)
	_, err = Import(ctx, s, from, false, func(rows int64) {
		if rows == 1500 {
			cut()
		}
	})
	require.Equal(t, codes.Canceled, status.Code(err), "%v", err)
	require.NoError(t, from.Close())
	var heard []int64
	from, err = Open(path)
	require.NoError(t, err)
	r, err := Import(s.editor, s, from, false, func(rows int64) { heard = append(heard, rows) })
	require.NoError(t, err)
	require.NoError(t, from.Close())
	require.EqualValues(t, 2000, r.Created+r.Unchanged)
	require.EqualValues(t, 2000, heard[len(heard)-1])
	require.Len(t, s.rows(), 2000)
}

func (s shop) rows() (lines []string) {
	text, err := os.ReadFile(s.export("all.csv"))
	require.NoError(s.t, err)
	return strings.Split(strings.TrimSpace(string(text)), "\n")[1:]
}

func TestPROD_007_AFileThatIsWrongAsAWholeIsRefused(t *testing.T) {
	t.Parallel()
	for want, path := range map[string]string{
		"must end in":          file(t, "a.txt", sample),
		"no column sku":        file(t, "a.csv", "name,brand\n"),
		"twice":                file(t, "b.csv", "sku,name,Name\n"),
		"read the header":      file(t, "c.csv", ""),
		"no such file":         filepath.Join(t.TempDir(), "none.csv"),
		"gzip":                 rename(t, file(t, "e.csv", sample), "e.csv.gz"),
		"the name must end":    file(t, "a.gz", sample),
		"must end in .csv":     file(t, "csv", sample),
		"header has no column": file(t, "f.csv.gz", "a,b\n"),
	} {
		_, err := Open(path)
		require.ErrorContains(t, err, want)
	}
	_, err := Create(filepath.Join(t.TempDir(), "a.xls"))
	require.ErrorContains(t, err, "must end in")
	_, err = Create(filepath.Join(t.TempDir(), "none", "a.csv"))
	require.ErrorContains(t, err, "no such file")
}

func rename(t *testing.T, path, name string) string {
	t.Helper()
	to := filepath.Join(filepath.Dir(path), name)
	require.NoError(t, os.Rename(path, to))
	return to
}

func TestPROD_007_AFileThatBreaksOffInTheMiddleIsAnError(t *testing.T) {
	t.Parallel()
	s := open(t)
	long := sample
	for range 5000 {
		long += id.New().String() + ",x,,,,,,,\n"
	}
	zipped, err := os.ReadFile(file(t, "a.csv.gz", long))
	require.NoError(t, err)
	cut := filepath.Join(t.TempDir(), "cut.csv.gz")
	require.NoError(t, os.WriteFile(cut, zipped[:len(zipped)-20], 0o600))
	_, err = s.bring(cut, false)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = s.bring(file(t, "b.csv", "sku,name\nA1,\"x\" y\n"), false)
	require.ErrorContains(t, err, `line 2`)
	_, err = s.bring(file(t, "c.jsonl", `{"sku":"`+strings.Repeat("x", maxLine)+`"}`), false)
	require.ErrorContains(t, err, "line 1")
}

func TestPROD_007_LinesThatCannotBeReadAreNamed(t *testing.T) {
	t.Parallel()
	s := open(t)
	r, err := s.bring(file(t, "a.csv", "sku,name,retail_price_cents,discount\nA1,One,1,5\nA2,Two\nA3,Thr\xffee,,\nA4,"+
		strings.Repeat("x", maxRecord)+",,\nA5,Five,$5,\n,Six,,\nA7,Seven,-1,\n"), false)
	require.NoError(t, err)
	require.Equal(t, "import rows=7 created=1 updated=0 unchanged=0 failed=6", r.String())
	require.Equal(t, []string{"discount"}, r.Ignored)
	said := []string{}
	for _, e := range r.Errors {
		said = append(said, e.Error())
	}
	require.Equal(t, []string{
		"row 3: must have 4 cells, as the header has, not 2",
		"row 4 sku=A3 field=name: must be UTF-8",
		"row 5 sku=A4: must have at most 65536 bytes",
		"row 6 sku=A5 field=retail_price_cents: must be a whole number of cents, such as 11000",
		"row 7 field=sku: must not be blank",
		"row 8 sku=A7 field=retail_price_cents: must be 0 to 100000000 minor units",
	}, said)
}

func TestPROD_007_WhoMayNotIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.editor = t.Context()
	_, err := s.bring(file(t, "a.csv", sample), false)
	require.Equal(t, codes.Unauthenticated, status.Code(err), "%v", err)
	path := filepath.Join(t.TempDir(), "x.csv")
	require.NoError(t, os.WriteFile(path, []byte("kept"), 0o600))
	to, err := Create(path)
	require.NoError(t, err)
	_, err = Export(s.editor, s, to, nil)
	require.Equal(t, codes.Unauthenticated, status.Code(err), "%v", err)
	require.NoError(t, to.Abort())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "kept", string(text), "what was there stays")
	require.NoFileExists(t, path+".new")
}

func TestPROD_007_AFileThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, err := s.bring(file(t, "a.csv", sample), false)
	require.NoError(t, err)
	full := errors.New("disk full")
	for _, f := range []format{{}, {lines: true}, {compressed: true}} {
		w, err := write(broken{full}, f)
		require.NoError(t, err)
		n, err := Export(s.editor, s, w, func(int64) {})
		require.NoError(t, err)
		require.EqualValues(t, 2, n)
		require.ErrorIs(t, w.finish(), full)
	}
	to, err := Create(filepath.Join(t.TempDir(), "a.csv"))
	require.NoError(t, err)
	require.NoError(t, to.file.Close())
	require.Error(t, to.Close())
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }
