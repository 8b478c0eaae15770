package rpc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/logger"
)

func admin(t *testing.T, b *bundle) (base string, stop func()) {
	t.Helper()
	server, err := NewAdminServer(AdminOptions{
		Config: AdminConfig{Listen: "127.0.0.1:0"}, Network: b.network, Metrics: b.metrics,
		Log: logger.New(logger.Production(), "admin", b.log),
	})
	require.NoError(t, err)
	require.Equal(t, "metrics server", server.String())
	return "http://" + server.Addr(), run(t, server)
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func TestOperatorsPages(t *testing.T) {
	t.Parallel()
	var ready error
	b := serve(t, nothing, func(o *ServerOptions) { o.Ready = func(context.Context) error { return ready } })
	base, _ := admin(t, b)
	_, err := b.client.Login(t.Context(), goodLogin)
	require.NoError(t, err)

	code, body := get(t, base+"/metrics")
	require.Equal(t, 200, code)
	require.Contains(t, body, `rpc_calls_total{code="OK",method="Login",service="user.v1.UserService"} 1`)
	code, _ = get(t, base+"/readyz")
	require.Equal(t, 200, code)
	code, _ = get(t, base+"/secret")
	require.Equal(t, 404, code)

	ready = errors.New("host db.internal is away")
	require.Eventually(t, func() bool { // within the life of an answer
		code, body = get(t, base+"/readyz")
		return code == 503
	}, 5*time.Second, 20*time.Millisecond)
	require.Equal(t, "not ready\n", body, "the cause is for the log")
	require.Contains(t, b.log.of(t, "not ready")[0]["error"], "db.internal")
	code, body = get(t, base+"/healthz")
	require.Equal(t, 200, code)
	require.Equal(t, "ok\n", body)
}

func TestNotReadyBeforeTheListenersClose(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing)
	base, _ := admin(t, b)
	b.network.Drain()
	code, _ := get(t, base+"/readyz")
	require.Equal(t, 503, code)
	_, err := b.client.Login(t.Context(), goodLogin)
	require.NoError(t, err, "calls are still answered")
}

func TestOperatorsPagesAreOffWhenNotConfigured(t *testing.T) {
	t.Parallel()
	server, err := NewAdminServer(AdminOptions{})
	require.NoError(t, err)
	require.Nil(t, server)
	_, err = NewAdminServer(AdminOptions{Config: AdminConfig{Listen: "x"}})
	require.ErrorContains(t, err, `METRICS_LISTEN="x"`)
}

func TestAdminServerEndsWithItsListener(t *testing.T) {
	t.Parallel()
	server, err := NewAdminServer(AdminOptions{Config: AdminConfig{Listen: "127.0.0.1:0"}, Metrics: prometheus.NewRegistry()})
	require.NoError(t, err)
	require.NoError(t, server.listener.Close())
	require.ErrorContains(t, server.Run(t.Context()), "serve metrics on ")
	require.NoError(t, server.Close(t.Context()))
}
