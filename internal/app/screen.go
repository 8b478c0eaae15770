package app

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/money"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

const (
	shownMarkets = 6
	screenTime   = 2 * time.Second // the screen goes without what takes longer
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

// writeMarkets shows a few markets and returns the id of one.
func (u *up) writeMarkets(ctx context.Context, b *strings.Builder, s style) (id string) {
	found, err := u.client.Products.ListProducts(ctx, &productv1.ListProductsRequest{PageSize: 100})
	if err != nil {
		return ""
	}
	more := ""
	if found.GetNextPageToken() != "" {
		more = " or more"
	}
	fmt.Fprintf(b, "\n%sMarkets%s  of %d products%s\n", s.bold, s.reset, len(found.GetProducts()), more)
	shown := 0
	for _, p := range found.GetProducts() {
		m := u.busiest(ctx, p.GetId())
		if m == nil || shown == shownMarkets {
			continue
		}
		if shown == 0 {
			fmt.Fprintf(b, "  %s%12s %12s %12s %5s  %s%s\n", s.dim, "best bid", "best ask", "last sale", "open", "product, size", s.reset)
		}
		shown++
		if id == "" {
			id = m.GetMarketId()
		}
		fmt.Fprintf(b, "  %12s %12s %12s %5d  %s, %s\n", amount(m.GetBestBid().GetPrice(), m.GetCurrency()), amount(m.GetBestAsk().GetPrice(), m.GetCurrency()),
			amount(m.GetLastSale().GetPrice(), m.GetCurrency()), m.GetOpenBids()+m.GetOpenAsks(), short(m.GetProductName()), m.GetSizeLabel())
	}
	if shown == 0 {
		fmt.Fprintf(b, "  none has been traded yet\n")
	}
	return id
}

// busiest is the market of a product with the most open bids and asks, one
// that has sold going first; nil when none is open.
func (u *up) busiest(ctx context.Context, product string) *biddingv1.MarketPrice {
	got, err := u.client.Bidding.ListProductMarkets(ctx, &biddingv1.ListProductMarketsRequest{ProductId: product})
	if err != nil {
		return nil
	}
	var best *biddingv1.MarketPrice
	score := func(m *biddingv1.MarketPrice) int64 {
		n := m.GetOpenBids() + m.GetOpenAsks()
		if n > 0 && m.GetLastSale() != nil {
			n += 1000
		}
		return n
	}
	for _, m := range got.GetMarkets() {
		if score(m) > 0 && (best == nil || score(m) > score(best)) {
			best = m
		}
	}
	return best
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
		call(1, "SearchProducts", `{"query":"jordan"}`)
	}
	if market != "" {
		call(2, "GetDepth", fmt.Sprintf(`{"market_id":"%s"}`, market))
	}
	fmt.Fprintf(b, "  bin/marketplace replay sales.csv.gz     %sa bid and an ask for every row of a sales file%s\n", s.dim, s.reset)
	fmt.Fprintf(b, "  bin/marketplace sql 'SELECT count(*) FROM matches'\n")
}
