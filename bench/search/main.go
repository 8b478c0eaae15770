// Command search measures searches of the catalogue beside reads of a product by its id,
// in turn and in one run, over gRPC. It starts a marketplace of its own and imports a file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/catalogue"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

func main() {
	file := flag.String("file", os.Getenv("CATALOGUE_FILE"), "catalogue to import, .csv or .jsonl, .gz too")
	calls := flag.Int("calls", 4000, "calls of each kind")
	flag.Parse()
	ctx, release := run.Signals(context.Background())
	err := measure(ctx, *file, *calls)
	release()
	if err != nil {
		fmt.Fprintln(os.Stderr, "search:", run.OneLine(err))
		os.Exit(1)
	}
}

func measure(ctx context.Context, file string, calls int) error {
	from, err := catalogue.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // it was only read
	state, err := os.MkdirTemp("", "marketplace-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(state) }()
	if err := os.Chmod(state, 0o711); err != nil { //nolint:gosec // the database's user walks through
		return err
	}
	src := config.Environ().With(config.Source{
		"USER_LISTEN": "127.0.0.1:0", "PRODUCT_LISTEN": "127.0.0.1:0", "BIDDING_LISTEN": "127.0.0.1:0", "METRICS_LISTEN": "", "LOG_LEVEL": "warn",
	})
	delete(src, "CATALOGUE_FILE")
	return app.Run(ctx, app.Options{Source: src, State: state, Log: io.Discard, Notice: os.Stderr}, func(ctx context.Context, m *app.Marketplace) error {
		if err := m.Ready(ctx); err != nil {
			return err
		}
		conn, err := m.Dial("product")
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() // nothing is under way
		return compare(ctx, productv1.NewProductServiceClient(conn), from, calls)
	})
}

func compare(ctx context.Context, products productv1.ProductServiceClient, from *catalogue.Reader, calls int) error {
	issuer, err := auth.NewIssuer(auth.Config{Keys: auth.DevelopmentKeys}, clock.System{})
	if err != nil {
		return err
	}
	token, _, err := issuer.Access(id.New(), id.New(), []auth.Role{auth.RoleCatalog})
	if err != nil {
		return err
	}
	began := clock.Monotonic()
	report, err := catalogue.Import(rpc.Bearer(ctx, token), products, from, false, nil)
	if err != nil {
		return err
	}
	fmt.Printf("%s seconds=%.1f\n", report, clock.Since(began).Seconds())
	all, err := everything(ctx, products)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errors.New("the catalogue is empty")
	}
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same queries each time
	took := map[string][]time.Duration{}
	for i := range calls + calls/10 {
		p := all[rng.IntN(len(all))]
		kind, query := queryFor(rng, p)
		begin := clock.Monotonic()
		if _, err := products.SearchProducts(ctx, &productv1.SearchProductsRequest{Query: query}); err != nil {
			return fmt.Errorf("search %q: %w", query, err)
		}
		searched := clock.Monotonic()
		if _, err := products.GetProduct(ctx, &productv1.GetProductRequest{Key: &productv1.GetProductRequest_Id{Id: p.GetId()}}); err != nil {
			return err
		}
		if i < calls/10 {
			continue // warming up
		}
		search, read := searched.Sub(begin), clock.Since(searched)
		took["search"], took["read"] = append(took["search"], search), append(took["read"], read)
		took[kind] = append(took[kind], search)
	}
	show(len(all), took)
	return nil
}

// everything lists the whole catalogue.
func everything(ctx context.Context, products productv1.ProductServiceClient) (all []*productv1.Product, err error) {
	for token := ""; ; {
		r, err := products.ListProducts(ctx, &productv1.ListProductsRequest{PageSize: 100, PageToken: token})
		if err != nil {
			return nil, err
		}
		all = append(all, r.GetProducts()...)
		if token = r.GetNextPageToken(); token == "" {
			return all, nil
		}
	}
}

// queryFor is what somebody might type who looks for p.
func queryFor(rng *rand.Rand, p *productv1.Product) (kind, query string) {
	words := strings.Fields(p.GetName())
	words = words[:min(len(words), 2+rng.IntN(3))]
	switch rng.IntN(5) {
	case 0:
		return "sku", strings.ToLower(p.GetSku())
	case 1:
		return "brand", p.GetBrand()
	case 2:
		return "color", strings.TrimSpace(p.GetColorway() + " " + p.GetBrand())
	case 3:
		at := rng.IntN(len(words))
		if letters := []rune(words[at]); len(letters) > 3 {
			words[at] = string(slices.Delete(letters, 2, 3))
		}
		return "misspelt", strings.Join(words, " ")
	}
	return "name", strings.Join(words, " ")
}

// show prints a line for each kind of search, then the comparison.
func show(products int, took map[string][]time.Duration) {
	for kind := range took {
		slices.Sort(took[kind])
	}
	at := func(kind string, percent int) time.Duration { return took[kind][(len(took[kind])-1)*percent/100] }
	for _, kind := range []string{"sku", "name", "color", "brand", "misspelt"} {
		if len(took[kind]) > 0 {
			fmt.Printf("  %-9s n=%-5d p50=%-10v p99=%v\n", kind, len(took[kind]), at(kind, 50).Round(time.Microsecond), at(kind, 99).Round(time.Microsecond))
		}
	}
	fmt.Printf("search products=%d calls=%d search_p50_us=%d search_p99_us=%d read_p50_us=%d read_p99_us=%d\n", products, len(took["search"]),
		at("search", 50).Microseconds(), at("search", 99).Microseconds(), at("read", 50).Microseconds(), at("read", 99).Microseconds())
}
