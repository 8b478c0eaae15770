// Command database runs the built-in PostgreSQL by itself, with data in the
// folder it is given, for trying the services as separate programs. It prints
// the database's URL when it answers and stops when it is interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
)

func main() {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	release()
	if err != nil {
		fmt.Fprintln(os.Stderr, "database:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("say in which folder the data shall be")
	}
	server, err := embeddedpg.Start(ctx, embeddedpg.Options{
		StateDir: args[0], Bin: os.Getenv("MARKETPLACE_PG_BIN"), Throwaway: true, Log: zerolog.New(os.Stderr),
	})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, server.URL()); err != nil {
		return errors.Join(err, server.Stop(context.WithoutCancel(ctx)))
	}
	<-ctx.Done()
	return server.Stop(context.WithoutCancel(ctx))
}
