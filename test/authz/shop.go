package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
)

// shop is a PostgreSQL and the three services, each a process of its own, in a folder
// that is removed.
type shop struct {
	dir      string
	keys     auth.Config
	postgres *embeddedpg.Server
	services map[string]*process
}

// open starts everything and makes the first owner.
func open(ctx context.Context, binary string) (*shop, error) {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "marketplace-authz-")
	if err != nil {
		return nil, err
	}
	s := &shop{dir: dir, keys: auth.Config{Keys: signingKeyID + ":" + signingKey}, services: map[string]*process{}}
	if err := s.start(ctx, binary); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *shop) start(ctx context.Context, binary string) error {
	if err := os.Chmod(s.dir, 0o711); err != nil { //nolint:gosec // the database's user walks through
		return err
	}
	var err error
	s.postgres, err = embeddedpg.Start(ctx, embeddedpg.Options{
		StateDir: filepath.Join(s.dir, "postgres"), Bin: os.Getenv("MARKETPLACE_PG_BIN"), Throwaway: true, Log: zerolog.Nop(),
	})
	if err != nil {
		return err
	}
	at, err := freeAddresses(ctx, len(servers))
	if err != nil {
		return err
	}
	variables := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + os.TempDir(), "DATABASE_URL=" + s.postgres.URL(), "LOG_LEVEL=warn", "LOG_NO_COLOR=true",
		"ENVIRONMENT=test", "USER_BCRYPT_COST=4", "JWT_KEYS=" + s.keys.Keys, "DATABASE_MAX_CONNS=12",
	}
	for i, name := range servers {
		upper := strings.ToUpper(name)
		variables = append(variables, upper+"_LISTEN="+at[i])
		if name != "bidding" { // nobody calls it
			variables = append(variables, upper+"_ADDRESS="+at[i])
		}
	}
	return s.serve(ctx, program{binary, s.dir, variables}, at)
}

// serve starts the services and waits until all of them serve.
func (s *shop) serve(ctx context.Context, p program, at []string) error {
	if err := s.prepare(ctx, p); err != nil {
		return err
	}
	for i, name := range servers {
		var err error
		if s.services[name], err = newProcess(name, at[i], p); err != nil {
			return err
		}
		if err := s.services[name].start(ctx); err != nil {
			return err
		}
	}
	for _, name := range servers {
		if err := s.services[name].ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the tables and the first owner.
func (s *shop) prepare(ctx context.Context, p program) error {
	if err := p.run(ctx, "", "migrate", "up"); err != nil {
		return err
	}
	return p.run(ctx, password+"\n", "admin", "create-owner", "--email", ownerEmail)
}

// conns are connections to each server.
func (s *shop) conns() map[string]*grpc.ClientConn {
	conns := map[string]*grpc.ClientConn{}
	for _, name := range servers {
		conns[name] = s.services[name].conn
	}
	return conns
}

// close ends what runs and removes the folder.
func (s *shop) close() error {
	var err error
	for _, name := range servers {
		if p := s.services[name]; p != nil {
			err = errors.Join(err, p.stop())
		}
	}
	if s.postgres != nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err = errors.Join(err, s.postgres.Stop(ctx))
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// logs is the end of what the services logged, for when something goes wrong.
func (s *shop) logs() string {
	var out strings.Builder
	for _, name := range servers {
		if p := s.services[name]; p != nil {
			fmt.Fprintf(&out, "log of %s:\n%s", name, p.tail())
		}
	}
	return out.String()
}

// dice returns a number below n, so that proofs at the same time begin elsewhere.
func dice(n int64) int64 {
	v, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil {
		return 0 // never; the runtime ends the process instead
	}
	return v.Int64()
}
