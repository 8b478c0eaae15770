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

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
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
func serveEcho(addr string, verifier *auth.Verifier) (stop func(), err error) {
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
