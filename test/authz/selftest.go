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

// fault is a mistake that a marketplace is built with, to see that the proof finds it.
type fault struct {
	name string
	part string // which finds it
	file string // of the sources
	old  string // the place in it
	new  string
}

var faults = []fault{
	{
		name: "lets anybody change stock", part: theMatrix, file: "pkg/rpc/method.go",
		old: "if m.public || m.self || claims.Has(m.roles...)",
		new: "if m.name == \"/product.v1.ProductService/UpdateInventory\" || m.public || m.self || claims.Has(m.roles...)",
	},
	{
		name: "shows anybody's bids and asks", part: theMatrix, file: "internal/bidding/service/history.go",
		old: "if o.Account != account {",
		new: "if o.Account != account && o.ID == 0 {",
	},
	{
		name: "takes tokens for another audience", part: theTokens, file: "pkg/auth/verifier.go",
		old: "\t\tjwt.WithAudience(cfg.Audience),\n",
		new: "",
	},
	{
		name: "never hears that a session ended", part: theEndings, file: "pkg/auth/revocations.go",
		old: "\t\tr.ended[session] = struct{}{}\n",
		new: "\t\t_ = session\n",
	},
	{
		name: "lets a stream go on", part: theStreams, file: "pkg/rpc/intercept.go",
		old: "\tforget = s.revocations.OnNews(check)\n",
		new: "\tforget = func() {}\n",
	},
	{
		name: "writes on although it hears nothing", part: theOutages, file: "pkg/rpc/authenticate.go",
		old: "!s.revocations.Fresh()",
		new: "!s.revocations.Heard()",
	},
}

// proof tries a marketplace that has the fault. The sources are those in the working
// directory; none of them is changed.
// Errors: of the proof; among others, that the sources have no place for the fault.
func (f fault) proof(ctx context.Context, o options, out io.Writer) (score, error) {
	dir, err := os.MkdirTemp("", "marketplace-fault-")
	if err != nil {
		return score{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // it is in nobody's way
	o.binary, o.only, o.rounds = filepath.Join(dir, "marketplace"), f.part, 1
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
	if bytes.Count(source, []byte(f.old)) != 1 {
		return "", fmt.Errorf("%s has changed: there is no place for a fault that %s", f.file, f.name)
	}
	patched := filepath.Join(dir, filepath.Base(f.file))
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{original: patched}})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	faulty := bytes.Replace(source, []byte(f.old), []byte(f.new), 1)
	return overlay, errors.Join(os.WriteFile(patched, faulty, 0o600), os.WriteFile(overlay, text, 0o600)) //nolint:gosec // a folder of ours
}
