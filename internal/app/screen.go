package app

import (
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sneakers-marketplace/marketplace/pkg/money"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

const (
	shownMarkets     = 6
	searchedProducts = 300 // for active markets
	searchedAtOnce   = 8
	screenTime       = 2 * time.Second // the screen goes without what takes longer
)

// screen prints what a person wants to know first.
func (u *up) screen(ctx context.Context, took time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, screenTime)
	defer cancel()
	var b strings.Builder
	s := styleFor(u.Out)
	fmt.Fprintf(&b, "\n%sSneakers Marketplace %s%s  %sready in %.1f s%s\n\n", s.bold, u.Version, s.reset, s.green, took.Seconds(), s.reset)
	for _, t := range u.market.targets {
		fmt.Fprintf(&b, "  %-10s %s   %s\n", t.Name, t.Listen(u.market.Env.Source), t.Service)
	}
	fmt.Fprintf(&b, "  %-10s %s\n", "database", u.market.Database)
	fmt.Fprintf(&b, "  %-10s %s\n", "log", u.LogPath)
	u.writeAccounts(&b, s)
	market := u.writeMarkets(ctx, &b, s)
	u.writeNext(&b, s, market)
	for _, note := range u.notes {
		fmt.Fprintf(&b, "\n  %s\n", note)
	}
	fmt.Fprintf(&b, "\nCtrl-C stops everything.\n")
	_, _ = fmt.Fprint(u.Out, b.String())
}

func (u *up) writeAccounts(b *strings.Builder, s style) {
	if len(u.accounts) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%sDemo accounts%s  all with the password %s%s%s\n", s.bold, s.reset, s.bold, u.accounts[0].Password, s.reset)
	for i, role := range []string{"owner, may do everything", "seller", "buyer", "buyer"} {
		fmt.Fprintf(b, "  %-28s %s\n", u.accounts[i].Email, role)
	}
}

// writeMarkets shows the most active markets and returns the id of the first.
func (u *up) writeMarkets(ctx context.Context, b *strings.Builder, s style) (id string) {
	products, more, err := u.products(ctx)
	if err != nil {
		return ""
	}
	fmt.Fprintf(b, "\n%sMost active markets%s  of %d products%s\n", s.bold, s.reset, len(products), more)
	busy := u.busiest(ctx, products)
	if len(busy) == 0 {
		fmt.Fprintf(b, "  none has been traded yet\n")
		return ""
	}
	fmt.Fprintf(b, "  %s%12s %12s %12s %11s  %s%s\n", s.dim, "best bid", "best ask", "last sale", "sales 72 h", "product, size", s.reset)
	for _, m := range busy[:min(len(busy), shownMarkets)] {
		fmt.Fprintf(b, "  %12s %12s %12s %11d  %s, %s\n", amount(m.GetBestBid().GetPrice(), m.GetCurrency()), amount(m.GetBestAsk().GetPrice(), m.GetCurrency()),
			amount(m.GetLastSale().GetPrice(), m.GetCurrency()), m.GetSales_72H(), short(m.GetProductName()), m.GetSizeLabel())
	}
	return busy[0].GetMarketId()
}

// products lists the catalogue's newest products, as many as can be looked through
// before the screen is due.
func (u *up) products(ctx context.Context) (ids []string, more string, err error) {
	for token := ""; len(ids) < searchedProducts; {
		got, err := u.client.Products.ListProducts(ctx, &productv1.ListProductsRequest{PageSize: 100, PageToken: token})
		if err != nil {
			return nil, "", err
		}
		for _, p := range got.GetProducts() {
			ids = append(ids, p.GetId())
		}
		if token = got.GetNextPageToken(); token == "" {
			return ids, "", nil
		}
	}
	return ids, " or more", nil
}

// busiest returns the most active market of each product that has an open one,
// the most active first.
func (u *up) busiest(ctx context.Context, products []string) []*biddingv1.MarketPrice {
	found := make([]*biddingv1.MarketPrice, len(products))
	var g errgroup.Group
	g.SetLimit(searchedAtOnce)
	for i, id := range products {
		g.Go(func() error {
			got, err := u.client.Bidding.ListProductMarkets(ctx, &biddingv1.ListProductMarketsRequest{ProductId: id})
			open := slices.DeleteFunc(got.GetMarkets(), func(m *biddingv1.MarketPrice) bool { return m.GetOpenBids()+m.GetOpenAsks() == 0 })
			if err == nil && len(open) > 0 {
				found[i] = slices.MinFunc(open, moreActive)
			}
			return nil // the screen goes without what cannot be read
		})
	}
	_ = g.Wait() // of nothing
	found = slices.DeleteFunc(found, func(m *biddingv1.MarketPrice) bool { return m == nil })
	slices.SortFunc(found, moreActive)
	return found
}

// moreActive puts first what sold more often in three days, and of equals what has
// more open.
func moreActive(a, b *biddingv1.MarketPrice) int {
	return cmp.Or(
		cmp.Compare(b.GetSales_72H(), a.GetSales_72H()),
		cmp.Compare(b.GetOpenBids()+b.GetOpenAsks(), a.GetOpenBids()+a.GetOpenAsks()),
		cmp.Compare(a.GetProductName(), b.GetProductName()), cmp.Compare(a.GetMarketId(), b.GetMarketId()),
	)
}

func short(name string) string {
	const width = 48
	if r := []rune(name); len(r) > width {
		return string(r[:width-1]) + "…"
	}
	return name
}

// amount writes minor units with their currency; a dash for none.
func amount(minor int64, currency string) string {
	if minor == 0 {
		return "-"
	}
	return money.Amount{Minor: money.Minor(minor), Currency: money.Currency(currency)}.String()
}

// writeNext offers commands that work as they stand.
func (u *up) writeNext(b *strings.Builder, s style, market string) {
	grpcurl := "grpcurl"
	if _, err := exec.LookPath("bin/tools/grpcurl"); err == nil {
		grpcurl = "bin/tools/grpcurl"
	} else if _, err := exec.LookPath(grpcurl); err != nil {
		grpcurl = "bin/tools/grpcurl" // after make tools
	}
	call := func(i int, method, data string) {
		t := u.market.targets[i]
		fmt.Fprintf(b, "  %s -plaintext -d '%s' %s %s/%s\n", grpcurl, data, t.Listen(u.market.Env.Source), t.Service, method)
	}
	fmt.Fprintf(b, "\n%sTry next%s  %s(grpcurl comes with `make tools`)%s\n", s.bold, s.reset, s.dim, s.reset)
	if len(u.accounts) > 0 {
		call(0, "Login", fmt.Sprintf(`{"email":"%s","password":"%s"}`, u.accounts[2].Email, u.accounts[2].Password))
		call(1, "SearchProducts", `{"query":"elevate"}`)
	}
	if market != "" {
		call(2, "GetDepth", fmt.Sprintf(`{"market_id":"%s"}`, market))
	}
	fmt.Fprintf(b, "  bin/marketplace replay sales.csv.gz     %sa bid and an ask for every row of a sales file%s\n", s.dim, s.reset)
	fmt.Fprintf(b, "  bin/marketplace sql 'SELECT count(*) FROM matches'\n")
}
