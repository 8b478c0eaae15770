package main

import (
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
)

// stand makes this program stand for the marketplace: it says the rest of the
// variable and fails, or, with nothing to say, runs until it is stopped.
const stand = "CHAOS_TEST_STAND_IN"

func TestMain(m *testing.M) {
	if says, ok := os.LookupEnv(stand); ok {
		standIn(says)
		return
	}
	testkit.Main(m)
}

func standIn(says string) {
	if text, failing := strings.CutPrefix(says, "fail:"); says != "" {
		_, _ = os.Stdout.WriteString(text + "\n") // whoever reads it misses it
		if failing {
			os.Exit(1)
		}
		return
	}
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGTERM)
	<-stopped
}
