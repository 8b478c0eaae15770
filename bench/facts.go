package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5"
)

// facts say where and of what figures were taken, for whoever compares them later.
func facts(ctx context.Context, database string) map[string]any {
	out := map[string]any{
		"machine_cores": runtime.NumCPU(), "machine_cpu": fact("/proc/cpuinfo", "model name"), "machine_memory": fact("/proc/meminfo", "MemTotal"),
		"go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH, "revision": revision(ctx),
	}
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return out
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	for _, setting := range []string{"server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers"} {
		var v string
		if conn.QueryRow(ctx, `SELECT current_setting($1)`, setting).Scan(&v) == nil {
			out["postgresql_"+setting] = v
		}
	}
	return out
}

// fact is the first value with this name in a file of "name: value" lines, "" when there is none.
func fact(path, name string) string {
	file, err := os.Open(path) //nolint:gosec // one of two
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }() // it only read
	for s := bufio.NewScanner(file); s.Scan(); {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// revision names the commit that was measured, with a + when files were changed since.
func revision(ctx context.Context) string {
	head, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return ""
	}
	out := strings.TrimSpace(string(head))
	if changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--untracked-files=no").Output(); err == nil && len(changed) > 0 {
		out += "+"
	}
	return out
}
