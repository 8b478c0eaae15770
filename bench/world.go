package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// dialAll opens the connections that the callers share.
func dialAll(addr string) ([]*grpc.ClientConn, error) {
	var network *rpc.Network
	out := make([]*grpc.ClientConn, conns)
	for i := range out {
		c, err := network.Dial("bidding", addr)
		if err != nil {
			return nil, err
		}
		out[i] = c
	}
	return out, nil
}

// makeMarkets makes products of 10 sizes each, n markets in all, and lifts the callers' caps.
func makeMarkets(ctx context.Context, m *app.Marketplace, n int) ([]string, error) {
	conn, err := m.Dial("product")
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	issuer, err := auth.NewIssuer(auth.Config{Keys: auth.DevelopmentKeys}, clock.System{})
	if err != nil {
		return nil, err
	}
	token, _, err := issuer.Access(id.New(), id.New(), []auth.Role{auth.RoleOwner})
	if err != nil {
		return nil, err
	}
	owner, products := rpc.Bearer(ctx, token), productv1.NewProductServiceClient(conn)
	var markets []string
	for len(markets) < n {
		p, err := products.CreateProduct(owner, &productv1.CreateProductRequest{Name: "Bench", Sku: "B-" + id.New().String()})
		if err != nil {
			return nil, fmt.Errorf("make a product: %w", err)
		}
		for i := 0; i < 10 && len(markets) < n; i++ {
			s, err := products.AddSize(owner, &productv1.AddSizeRequest{ProductId: p.GetProduct().GetId(), Label: strconv.Itoa(5 + i)})
			if err != nil {
				return nil, fmt.Errorf("make a size: %w", err)
			}
			markets = append(markets, s.GetSize().GetId())
		}
	}
	return markets, nil
}

// lift takes the callers' caps away, through the settings an operator has.
func (l *load) lift(ctx context.Context) error {
	issuer, err := auth.NewIssuer(auth.Config{Keys: auth.DevelopmentKeys}, clock.System{})
	if err != nil {
		return err
	}
	token, _, err := issuer.Access(id.New(), id.New(), []auth.Role{auth.RoleOwner})
	if err != nil {
		return err
	}
	verifier, err := auth.NewVerifier(auth.Config{Keys: auth.DevelopmentKeys}, clock.System{})
	if err != nil {
		return err
	}
	for _, t := range l.tokens {
		claims, err := verifier.Access(t)
		if err != nil {
			return err
		}
		_, err = l.clients[0].SetAccountLimits(rpc.Bearer(ctx, token), &biddingv1.SetAccountLimitsRequest{Limits: &biddingv1.AccountLimits{
			AccountId: claims.Account.String(), MaxOpenPerMarket: 1_000_000, MaxOpenTotal: 10_000_000,
		}})
		if err != nil {
			return fmt.Errorf("lift a caller's caps: %w", err)
		}
	}
	return nil
}

// echo answers PlaceBid and PlaceAsk at once: what a call costs without an exchange behind it.
type echo struct {
	biddingv1.UnimplementedBiddingServiceServer
}

func (echo) PlaceBid(_ context.Context, r *biddingv1.PlaceBidRequest) (*biddingv1.PlaceBidResponse, error) {
	return &biddingv1.PlaceBidResponse{Bid: &biddingv1.Bid{Id: 1, MarketId: r.MarketId, Price: r.Price, Quantity: 1, OpenQuantity: 1}}, nil
}

func (echo) PlaceAsk(_ context.Context, r *biddingv1.PlaceAskRequest) (*biddingv1.PlaceAskResponse, error) {
	return &biddingv1.PlaceAskResponse{Ask: &biddingv1.Ask{Id: 1, MarketId: r.MarketId, Price: r.Price, Quantity: 1, OpenQuantity: 1}}, nil
}

// serveEcho serves an echo with the marketplace's own interceptors; stop ends it.
func serveEcho(addr string) (stop func(), err error) {
	verifier, err := auth.NewVerifier(auth.Config{Keys: auth.DevelopmentKeys}, clock.System{})
	if err != nil {
		return nil, err
	}
	s, err := rpc.NewServer(rpc.ServerOptions{
		Service: "echo", Listen: addr, Verifier: verifier, Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(),
		Register: func(r grpc.ServiceRegistrar) { biddingv1.RegisterBiddingServiceServer(r, echo{}) },
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
		_ = s.Close(context.Background())
	}, nil
}

// insertScript is the single-row insert that pgbench repeats.
const insertScript = `\set price random(18000, 22000)
INSERT INTO bench_insert (price, created_at) VALUES (:price, now());
`

// pgbench measures single-row inserts a second with 32 clients on the same server.
func pgbench(ctx context.Context, url string, d time.Duration) (float64, error) {
	script, err := os.CreateTemp("", "insert-*.sql")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(script.Name()) }()
	if _, err := script.WriteString(insertScript); err != nil {
		return 0, err
	}
	if err := script.Close(); err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(ctx, findPgbench(), "-n", "-c", "32", "-j", "2", "-T", strconv.Itoa(int(d.Seconds())), //nolint:gosec // ours
		"-M", "prepared", "-f", script.Name(), url).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if rest, ok := strings.CutPrefix(line, "tps = "); ok {
			return strconv.ParseFloat(strings.Fields(rest)[0], 64)
		}
	}
	return 0, fmt.Errorf("pgbench printed no tps: %s", out)
}

func findPgbench() string {
	if p, err := exec.LookPath("pgbench"); err == nil {
		return p
	}
	for _, major := range []string{"18", "17", "16", "15"} {
		if p := "/usr/lib/postgresql/" + major + "/bin/pgbench"; exists(p) {
			return p
		}
	}
	return "pgbench"
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
