package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
)

// Running is what a running marketplace tells other commands, in a file of its
// state folder that only its user reads.
type Running struct {
	PID         int               `json:"pid"`
	StartedAt   time.Time         `json:"started_at"`
	DatabaseURL string            `json:"database_url"`
	Services    map[string]string `json:"services"` // target -> host:port
	Owner       *Credentials      `json:"owner,omitempty"`
	Accounts    []Credentials     `json:"accounts,omitempty"` // of the demo, the owner's first
}

// Credentials sign an account in.
type Credentials struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

func runningFile(state string) string { return filepath.Join(state, "run.json") }

// FindRunning returns the marketplace that runs on the state folder the
// variables name (state goes first when it is not blank).
func FindRunning(src config.Source, state string) (Running, bool) {
	own, err := settings(src, state)
	if err != nil {
		return Running{}, false
	}
	return ReadRunning(own.State)
}

// ReadRunning returns the marketplace that runs on a state folder; false when
// there is none, or only the file of one that was killed.
func ReadRunning(state string) (Running, bool) {
	text, err := os.ReadFile(runningFile(state)) //nolint:gosec // a path of ours
	if err != nil {
		return Running{}, false
	}
	var r Running
	if json.Unmarshal(text, &r) != nil || r.PID <= 0 {
		return Running{}, false
	}
	pid, held := embeddedpg.Holder(state)
	return r, held && pid == r.PID
}

// writeRunning replaces the file in one step.
func writeRunning(state string, r Running) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // the URL is copied out by people and scripts
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write run.json: %w", err)
	}
	draft := runningFile(state) + ".new"
	if err := os.WriteFile(draft, text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write run.json: %w", err)
	}
	if err := os.Rename(draft, runningFile(state)); err != nil {
		return fmt.Errorf("write run.json: %w", err)
	}
	return nil
}
