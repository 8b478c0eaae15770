package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// fault is a mistake that a marketplace is built with, to see that the drill finds it.
type fault struct {
	name   string
	file   string // of the sources
	after  string // the place in it
	insert string
}

// unbounded is a rate nobody reaches.
const unbounded = 1_000_000

var faults = []fault{
	{
		name:   "answers before it commits",
		file:   "internal/bidding/engine/serve.go",
		after:  "w.metrics.take(r)\n\t\tw.state.apply(w.next, r, w.openElsewhere)\n",
		insert: "\t\tw.next.release(nil)\n",
	},
	{
		name:   "forgets client_order_ids when it starts again",
		file:   "internal/bidding/engine/state.go",
		after:  "func (s *state) Recent(r *journal.Row) error {\n",
		insert: "\tif r != nil {\n\t\treturn nil\n\t}\n",
	},
}

// gullible is what only a connection that is lost at the wrong moment brings to light.
var gullible = fault{
	name:   "takes a commit for done whose answer never came",
	file:   "internal/bidding/engine/shard.go",
	after:  "s.store.Written(ctx, s.number, row.Seq)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n",
	insert: "\tp.inflight.release(nil)\n",
}

// trial is a fault and the drill that must find it.
type trial struct {
	fault
	options options
}

// drill kills a marketplace that has the fault. The sources are those in the working
// directory; none of them is changed.
// Errors: of the drill; among others, that the sources have no place for the fault.
func (f fault) drill(ctx context.Context, o options, out io.Writer) (score, error) {
	dir, err := os.MkdirTemp("", "marketplace-fault-")
	if err != nil {
		return score{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()                                         // it is in nobody's way
	o.binary, o.rate, o.discard = filepath.Join(dir, "marketplace"), unbounded, true // the busier, the likelier it shows
	overlay, err := f.plant(dir)
	if err != nil {
		return score{}, err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", o.binary, "./cmd/marketplace") //nolint:gosec // a folder of ours
	if text, err := cmd.CombinedOutput(); err != nil {
		return score{}, fmt.Errorf("build a marketplace that %s: %w: %s", f.name, err, bytes.TrimSpace(text))
	}
	return perform(ctx, o, out)
}

// plant writes the faulty source and returns the file that tells the compiler to take it.
func (f fault) plant(dir string) (overlay string, err error) {
	original, err := filepath.Abs(f.file)
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(original) //nolint:gosec // a file of this repository
	if err != nil {
		return "", err
	}
	if bytes.Count(source, []byte(f.after)) != 1 {
		return "", fmt.Errorf("%s has changed: there is no place for a fault that %s", f.file, f.name)
	}
	faulty := bytes.Replace(source, []byte(f.after), []byte(f.after+f.insert), 1)
	patched := filepath.Join(dir, filepath.Base(f.file))
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{original: patched}})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, errors.Join(os.WriteFile(patched, faulty, 0o600), os.WriteFile(overlay, text, 0o600)) //nolint:gosec // a folder of ours
}
