// Command faultproxy stands in front of the three services and plants one
// fault, so that it can be shown that the test scripts notice.
//
//	faultproxy FAULT user=127.0.0.1:50051 product=127.0.0.1:50052 bidding=127.0.0.1:50053
//
// It prints a line such as user=127.0.0.1:41234 for each service it stands in
// front of, then serves until it is interrupted. Without arguments it lists the
// faults there are.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func main() {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	release()
	if err != nil {
		fmt.Fprintln(os.Stderr, "faultproxy:", err)
		os.Exit(1)
	}
}

// run lists the faults, or serves with one of them until ctx ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	all := faults()
	if len(args) == 0 {
		_, err := fmt.Fprintln(out, strings.Join(slices.Sorted(maps.Keys(all)), "\n"))
		return err
	}
	planted, ok := all[args[0]]
	if !ok {
		return fmt.Errorf("no fault is called %q", args[0])
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, arg := range args[1:] {
		name, target, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("%q is not SERVICE=ADDRESS", arg)
		}
		address, err := serve(ctx, group, target, planted)
		if err != nil {
			return fmt.Errorf("in front of %s: %w", name, err)
		}
		if _, err := fmt.Fprintf(out, "%s=%s\n", name, address); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return group.Wait()
}

// serve starts a proxy in front of target and returns its address.
func serve(ctx context.Context, group *errgroup.Group, target string, planted fault) (string, error) {
	conn, err := grpc.NewClient("passthrough:///"+target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(untouched{})))
	if err != nil {
		return "", err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", errors.Join(err, conn.Close())
	}
	server := grpc.NewServer(grpc.ForceServerCodec(untouched{}), grpc.UnknownServiceHandler(proxy{conn, planted}.handle))
	group.Go(func() error { return server.Serve(listener) })
	group.Go(func() error {
		<-ctx.Done()
		server.Stop()
		return conn.Close()
	})
	return listener.Addr().String(), nil
}
