package run

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// role makes this test binary a service: what its value says.
const role = "RUN_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(role) != "" {
		Main("test-service", child)
		return
	}
	goleak.VerifyTestMain(m)
}

func child(_ context.Context, env *Env) ([]Task, error) {
	switch env.Source[role] {
	case "fail":
		return nil, errors.New("cannot start:\nno reason")
	case "deaf":
		return []Task{Working("deaf", func(context.Context) error { env.Log.Info().Msg("up"); select {} })}, nil
	}
	return []Task{Working("worker", func(ctx context.Context) error {
		env.Log.Info().Msg("up")
		<-ctx.Done()
		env.Log.Info().Msg("down")
		return nil
	})}, nil
}

func userServer(t *testing.T, env *Env) *rpc.Server {
	t.Helper()
	verifier, err := auth.NewVerifier(auth.Config{Keys: auth.DevelopmentKeys}, env.Clock)
	require.NoError(t, err)
	server, err := rpc.NewServer(rpc.ServerOptions{
		Service: "user", Clock: env.Clock, Network: env.Network, Metrics: env.Metrics, Verifier: verifier,
		Register: func(r grpc.ServiceRegistrar) {
			userv1.RegisterUserServiceServer(r, userv1.UnimplementedUserServiceServer{})
		},
	})
	require.NoError(t, err)
	return server
}

// service is this binary running Main in another process.
type service struct {
	cmd *exec.Cmd
	out *bufio.Scanner
}

func launch(t *testing.T, env ...string) *service {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this very binary
	cmd.Dir = t.TempDir()
	cmd.Env = append(slices.Clip(env), "GOCOVERDIR="+cmd.Dir)
	out, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return &service{cmd, bufio.NewScanner(out)}
}

// until reads the log up to a line that holds text.
func (s *service) until(t *testing.T, text string) {
	t.Helper()
	for s.out.Scan() {
		if strings.Contains(s.out.Text(), text) {
			return
		}
	}
	t.Fatalf("%q was never logged", text)
}

func (s *service) rest() (lines []string) {
	for s.out.Scan() {
		lines = append(lines, s.out.Text())
	}
	return lines
}

func TestSignalIsACleanExit(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		s := launch(t, role+"=work", "ENVIRONMENT=production")
		s.until(t, `"service":"test-service"`)
		require.NoError(t, s.cmd.Process.Signal(sig))
		s.until(t, `"message":"down"`)
		require.Empty(t, s.rest())
		require.NoError(t, s.cmd.Wait(), "exit code 0")
	}
}

func TestSecondSignalIsAHardExit(t *testing.T) {
	t.Parallel()
	s := launch(t, role+"=deaf")
	s.until(t, "up")
	require.Eventually(t, func() bool {
		return s.cmd.Process.Signal(os.Interrupt) != nil || s.gone()
	}, grace, grace/500)
	var exit *exec.ExitError
	require.ErrorAs(t, s.cmd.Wait(), &exit)
	status, ok := exit.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	require.True(t, status.Signaled())
}

// gone reports whether the process has ended, though nobody waited for it yet.
func (s *service) gone() bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func TestFailedStartIsOneLineAndExitCodeOne(t *testing.T) {
	t.Parallel()
	for want, env := range map[string][]string{
		"test-service: cannot start:; no reason":                                         {role + "=fail"},
		`test-service: LOG_LEVEL="loud": must be trace, debug, info, warn, error or off`: {role + "=work", "LOG_LEVEL=loud"},
	} {
		s := launch(t, env...)
		require.Equal(t, []string{want}, s.rest())
		var exit *exec.ExitError
		require.ErrorAs(t, s.cmd.Wait(), &exit)
		require.Equal(t, 1, exit.ExitCode())
	}
}

func TestOperatorsPagesAreServedWhenConfigured(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	code := execute(ctx, "x", config.Source{"METRICS_LISTEN": "127.0.0.1:0", "LOG_FORMAT": "json"}, &out, func(ctx context.Context, _ *Env) ([]Task, error) {
		defer cancel()
		var line struct{ Address string }
		require.NoError(t, json.Unmarshal(out.Bytes(), &line))
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+line.Address+"/metrics", nil)
		require.NoError(t, err)
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		return nil, resp.Body.Close()
	})
	require.Zero(t, code, out.String())
}

func TestOperatorsPagesThatCannotBeServedStopTheStart(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	var out bytes.Buffer
	require.Equal(t, 1, execute(t.Context(), "x", config.Source{"METRICS_LISTEN": l.Addr().String()}, &out, child))
	require.Equal(t, `x: METRICS_LISTEN="`+l.Addr().String()+`": the port is in use by another program; stop it or choose another address`+"\n", out.String())
	_, err = Admin(t.Context(), &Env{Source: config.Source{"SHUTDOWN_GRACE": "x"}})
	require.ErrorContains(t, err, "SHUTDOWN_GRACE")
}

func TestEnvFollowsItsSettings(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	env, settings, err := NewEnv("x", config.Source{"ENVIRONMENT": "production", "SHUTDOWN_DELAY": "3s"}, &out)
	require.NoError(t, err)
	require.True(t, settings.Production())
	require.Equal(t, "3s", env.Quiet.String())
	env.Log.Info().Msg("hello")
	require.Equal(t, byte('{'), out.Bytes()[0])
	families, err := env.Metrics.Gather()
	require.NoError(t, err)
	require.NotEmpty(t, families)
}
