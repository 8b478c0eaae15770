package replay

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const header = "order_date,brand,name,sale_price_cents,retail_price_cents,release_date,size,buyer_region\n"

// readText reads a sales file with this text.
func readText(t *testing.T, text string) (*File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sales.csv")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return Read(path)
}

func TestRowsBecomeMarketsInOrder(t *testing.T) {
	t.Parallel()
	text := header +
		"2017-09-01,Yeezy,Boost 350: V2!,109700,22000,2016-09-24,11,California\n" +
		"2017-09-01,Yeezy,boost-350-v2,100,22000,2016-09-24,11.0,Ohio\n" +
		"2017-09-02,Off-White,\"Air, Max\",250,,,9.5,\"New \"\"York\"\"\"\n" +
		"2017-09-02,Yeezy,Boost 350: V2!,300,22000,2016-09-24,9.5,Ohio\n"
	f, err := readText(t, text)
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(text))
	require.Equal(t, hex.EncodeToString(sum[:])[:12], f.Hash)
	require.Equal(t, 4, f.Rows)
	require.Empty(t, f.Damaged)
	require.EqualValues(t, 109700+100+250+300, f.Volume)
	require.Equal(t, 3, f.Markets())
	require.Len(t, f.products, 2)
	first := f.markets[0]
	require.Equal(t, "boost-350-v2", first.sku)
	require.Equal(t, "Boost 350: V2!", first.name, "as its first row has it")
	require.Equal(t, "11", first.label)
	require.Equal(t, []int32{0, 1}, first.rows)
	require.Equal(t, row{2, 3, 100}, f.rows[1])
	require.Equal(t, "Air, Max", f.markets[1].name)
	require.Zero(t, f.markets[1].retail)
	require.Same(t, first.product, f.markets[2].product)
}

func TestDamagedRowsAreListedWithTheirLineAndTheRestIsRead(t *testing.T) {
	t.Parallel()
	good := "2017-09-01,Yeezy,Shoe,500,22000,2016-09-24,11,Ohio\n"
	for name, c := range map[string]struct{ line, why string }{
		"open quote":      {`2017-09-01,Yeezy,"Shoe,500,22000,2016-09-24,11,Ohio`, "quote"},
		"bare quote":      {`2017-09-01,Yeezy,Sh"oe,500,22000,2016-09-24,11,Ohio`, "quote"},
		"too few":         {"2017-09-01,Yeezy,Shoe", "has 3 fields, the header has 8"},
		"too many":        {"2017-09-01,Yeezy,Shoe,500,22000,2016-09-24,11,Ohio,x", "has 9 fields"},
		"no number":       {"2017-09-01,Yeezy,Shoe,5.00,22000,2016-09-24,11,Ohio", "sale_price_cents"},
		"zero":            {"2017-09-01,Yeezy,Shoe,0,22000,2016-09-24,11,Ohio", "1 to 100000000"},
		"negative":        {"2017-09-01,Yeezy,Shoe,-1,22000,2016-09-24,11,Ohio", "sale_price_cents"},
		"too dear":        {"2017-09-01,Yeezy,Shoe,100000001,22000,2016-09-24,11,Ohio", "sale_price_cents"},
		"overflow":        {"2017-09-01,Yeezy,Shoe,99999999999999999999,22000,2016-09-24,11,Ohio", "sale_price_cents"},
		"retail":          {"2017-09-01,Yeezy,Shoe,500,much,2016-09-24,11,Ohio", "retail_price_cents"},
		"no day":          {"2017-02-30,Yeezy,Shoe,500,22000,2016-09-24,11,Ohio", "order_date"},
		"release":         {"2017-09-01,Yeezy,Shoe,500,22000,soon,11,Ohio", "release_date"},
		"no name":         {"2017-09-01,Yeezy,,500,22000,2016-09-24,11,Ohio", "name"},
		"name of signs":   {"2017-09-01,Yeezy,!!!,500,22000,2016-09-24,11,Ohio", "name"},
		"long name":       {"2017-09-01,Yeezy," + strings.Repeat("a", 201) + ",500,22000,2016-09-24,11,Ohio", "name"},
		"long brand":      {"2017-09-01," + strings.Repeat("a", 101) + ",Shoe,500,22000,2016-09-24,11,Ohio", "brand"},
		"size":            {"2017-09-01,Yeezy,Shoe,500,22000,2016-09-24,XL,Ohio", "size"},
		"size of thirds":  {"2017-09-01,Yeezy,Shoe,500,22000,2016-09-24,9.3,Ohio", "size"},
		"size zero":       {"2017-09-01,Yeezy,Shoe,500,22000,2016-09-24,0,Ohio", "size"},
		"size beyond all": {"2017-09-01,Yeezy,Shoe,500,22000,2016-09-24,20.5,Ohio", "size"},
		"not UTF-8":       {"2017-09-01,Yeezy,Sh\xffe,500,22000,2016-09-24,11,Ohio", "UTF-8"},
		"endless":         {strings.Repeat("x", 3*maxLine), "more than 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := readText(t, header+good+c.line+"\n"+good)
			require.NoError(t, err)
			require.Equal(t, 3, f.Rows)
			require.Len(t, f.Damaged, 1)
			require.Equal(t, 3, f.Damaged[0].Line)
			require.ErrorContains(t, f.Damaged[0].Err, c.why)
			require.Contains(t, f.Damaged[0].String(), "line 3: ")
			require.EqualValues(t, 1000, f.Volume)
			require.Equal(t, row{3, 4, 500}, f.rows[1], "rows keep their numbers")
		})
	}
}

func TestLineEndsMarksAndPackingDoNotMatter(t *testing.T) {
	t.Parallel()
	plain := header + "2017-09-01,Yeezy,Shoe,500,22000,2016-09-24,11,Ohio\n\n2017-09-01,Yeezy,Shoe,600,22000,2016-09-24,12,Ohio\n"
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, err := zip.Write([]byte(plain))
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	for name, text := range map[string]string{
		"plain": plain, "gzip": packed.String(), "CRLF": strings.ReplaceAll(plain, "\n", "\r\n"), "BOM": "\ufeff" + plain,
		"no last line end": strings.TrimSuffix(plain, "\n"),
		"other columns": "size,x,name,brand,release_date,retail_price_cents,sale_price_cents,order_date\n" +
			"11,,Shoe,Yeezy,2016-09-24,22000,500,2017-09-01\n12,,Shoe,Yeezy,2016-09-24,22000,600,2017-09-01\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := readText(t, text)
			require.NoError(t, err)
			require.Empty(t, f.Damaged)
			require.Equal(t, 2, f.Rows)
			require.EqualValues(t, 1100, f.Volume)
			require.Equal(t, 2, f.Markets())
		})
	}
}

func TestFilesThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	_, err := Read(filepath.Join(t.TempDir(), "absent.csv"))
	require.ErrorIs(t, err, os.ErrNotExist)
	for text, why := range map[string]string{
		"":                        "it is empty",
		header:                    "it has no rows",
		header + "broken\n":       "no sound row; line 2",
		"a,b\n1,2\n":              "no column order_date",
		"\"a,b\n":                 "header",
		"\x1f\x8bnot gzip at all": "gzip",
	} {
		_, err := readText(t, text)
		require.ErrorContains(t, err, why, "%q", text)
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	for i := range 50_000 {
		_, err := fmt.Fprintf(zip, "%d\n", i)
		require.NoError(t, err)
	}
	require.NoError(t, zip.Close())
	_, err = readText(t, packed.String()[:packed.Len()/2])
	require.Error(t, err)
}

func TestSlug(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Adidas-Yeezy-Boost-350-Low-V2-Beluga": "adidas-yeezy-boost-350-low-v2-beluga",
		"  Air Jordan 1 (Retro)  ":             "air-jordan-1-retro",
		"Café -- Racer":                        "caf-racer",
		"!!!":                                  "",
	} {
		require.Equal(t, want, slug(name))
	}
	long := slug(strings.Repeat("shoe ", 40) + "A")
	require.LessOrEqual(t, len(long), maxSKU)
	require.NotEqual(t, long, slug(strings.Repeat("shoe ", 40)+"B"), "cut names stay apart")
}

func FuzzRows(f *testing.F) {
	f.Add(header + "2017-09-01,Yeezy,Shoe,500,22000,2016-09-24,11,Ohio\n")
	f.Add(header + "\"\"\"\n,,,,,,,\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parse(strings.NewReader(text))
		if err != nil {
			return
		}
		var sum int64
		for _, m := range file.markets {
			require.NotEmpty(t, m.sku)
			for _, i := range m.rows {
				sum += file.rows[i].price
			}
		}
		require.Equal(t, sum, int64(file.Volume))
		require.Equal(t, file.Rows, len(file.rows)+len(file.Damaged))
	})
}

// SALES_FILE names real sales to read as well; without it there is nothing to do.
func TestRealSalesAreReadWhole(t *testing.T) {
	t.Parallel()
	for _, path := range filepath.SplitList(os.Getenv("SALES_FILE")) {
		f, err := Read(path)
		require.NoError(t, err)
		require.Empty(t, f.Damaged)
		require.Equal(t, 78_423, f.Rows)
		require.Equal(t, 751, f.Markets())
		require.Len(t, f.products, 40)
		require.EqualValues(t, 3_246_976_957, f.Volume)
	}
}
