package run

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/logger"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// Settings is what every process reads, whatever it runs.
type Settings struct {
	config.Common
	Log   logger.Config
	Admin rpc.AdminConfig
}

// Main is the body of a service's main function: variables from the process and .env,
// log on standard error, clean exit on INT or TERM, hard exit on the second. A failed
// start is one line on standard error and exit code 1.
func Main(name string, build Build) {
	ctx, release := Signals(context.Background())
	code := execute(ctx, name, config.Environ(), os.Stderr, build)
	release()
	os.Exit(code)
}

// Signals returns a context that ends with the first INT or TERM; from then on a
// second one kills the process, as it does by default.
func Signals(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, release := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, release)
	return ctx, release
}

// NewEnv reads the settings that every process has and makes what its parts share.
// The log is written to w. Errors name the variable that is wrong.
func NewEnv(name string, src config.Source, w io.Writer) (*Env, Settings, error) {
	settings, err := config.Load[Settings](src)
	if err != nil {
		return nil, settings, err
	}
	preset := logger.Development()
	if settings.Production() {
		preset = logger.Production()
	}
	letHeapGrow(src)
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &Env{
		Source:  src,
		Log:     logger.New(settings.Log.Or(preset), name, w),
		Clock:   clock.System{},
		Network: rpc.NewNetwork(),
		Metrics: reg,
		Quiet:   settings.ShutdownDelay,
	}, settings, nil
}

// heapGrowth is by how many percent of what is alive the heap may grow before it is
// collected. Services allocate much and keep little, so the usual 100 would spend a fifth
// of the time on collecting.
const heapGrowth = 400

// letHeapGrow sets it unless the operator has, by GOGC.
func letHeapGrow(src config.Source) {
	if src["GOGC"] == "" {
		debug.SetGCPercent(heapGrowth)
	}
}

// Admin is the build of the operators' pages: /metrics, /healthz and /readyz at
// METRICS_LISTEN; nothing when that is blank. Put it first: it then stops last.
func Admin(_ context.Context, env *Env) ([]Task, error) {
	settings, err := config.Load[Settings](env.Source)
	if err != nil {
		return nil, err
	}
	server, err := rpc.NewAdminServer(rpc.AdminOptions{Config: settings.Admin, Log: env.Log, Network: env.Network, Metrics: env.Metrics})
	if err != nil || server == nil {
		return nil, err
	}
	return []Task{server}, nil
}

// execute runs build until ctx ends and returns the exit code.
func execute(ctx context.Context, name string, src config.Source, w io.Writer, build Build) int {
	env, settings, err := NewEnv(name, src, w)
	if err == nil {
		err = Run(ctx, settings.ShutdownGrace, env, Admin, build)
	}
	if err != nil {
		_, _ = fmt.Fprintf(w, "%s: %s\n", name, OneLine(err))
		return 1
	}
	return 0
}

// OneLine is the text of err on one line, for people.
func OneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' }), "; ")
}
