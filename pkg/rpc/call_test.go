package rpc

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// collision is a metric that has a server's name and other labels.
func collision() prometheus.Collector {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: "rpc_calls_total", Help: "Something else."})
}

func TestClientInfoComesFromTheConnection(t *testing.T) {
	t.Parallel()
	from := func(addr net.Addr) string {
		ctx := peer.NewContext(context.Background(), &peer.Peer{Addr: addr})
		ctx = metadata.NewIncomingContext(ctx, metadata.Pairs("x-forwarded-for", "6.6.6.6", "x-real-ip", "6.6.6.6"))
		agent, ip := ClientInfo(ctx)
		require.Empty(t, agent)
		return ip
	}
	require.Equal(t, "192.0.2.7", from(&net.TCPAddr{IP: net.ParseIP("192.0.2.7"), Port: 5}))
	require.Equal(t, "2001:db8::1", from(&net.TCPAddr{IP: net.ParseIP("2001:db8::1"), Port: 5}))
	require.Equal(t, "fe80::1", from(&net.TCPAddr{IP: net.ParseIP("fe80::1"), Port: 5, Zone: "eth0"}))
	require.Empty(t, from(&net.UnixAddr{Name: "/tmp/s", Net: "unix"}))
	require.Empty(t, from(nil))
	_, ip := ClientInfo(context.Background())
	require.Empty(t, ip)
}

func TestUserAgentIsCutAndPrintable(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"curl/8": "curl/8", "a\nb\x7f\x00": "ab", strings.Repeat("x", 300): strings.Repeat("x", 256),
		strings.Repeat("x", 255) + "é": strings.Repeat("x", 255), "Zürich": "Zürich",
	} {
		agent, _ := ClientInfo(metadata.NewIncomingContext(context.Background(), metadata.Pairs(headerUserAgent, sent)))
		require.Equal(t, want, agent)
	}
	b := serve(t, func(ctx context.Context) error {
		agent, ip := ClientInfo(ctx)
		require.Contains(t, agent, "grpc-go/")
		require.Equal(t, "127.0.0.1", ip)
		return nil
	})
	_, err := b.client.Login(t.Context(), goodLogin)
	require.NoError(t, err)
}
