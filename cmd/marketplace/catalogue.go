package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/product"
	"github.com/sneakers-marketplace/marketplace/migrations"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// whichCatalogue is the help shared by import and export.
const whichCatalogue = `It works on the marketplace that runs here, or at the addresses given; else on the
database of DATABASE_URL, or on the built-in one, which it starts for as long as it takes.
A marketplace without demo accounts needs --owner-email, and the password in ` + ownerPassword + `.`

// catalogueFlags say whose catalogue it is.
type catalogueFlags struct{ ownerEmail, userAddr, productAddr string }

func (f *catalogueFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.ownerEmail, "owner-email", "", "`address` of an account with the role owner, admin or catalog")
	cmd.Flags().StringVar(&f.userAddr, "user-addr", "", "`host:port` of the user service of a marketplace that runs elsewhere")
	cmd.Flags().StringVar(&f.productAddr, "product-addr", "", "`host:port` of its product service")
}

// work does something with the catalogue; ctx carries the token of somebody who may.
type work func(ctx context.Context, products productv1.ProductServiceClient) error

// reach finds the catalogue and calls do.
func (f *catalogueFlags) reach(cmd *cobra.Command, do work) error {
	ctx, src := cmd.Context(), config.Environ()
	password := src[ownerPassword]
	delete(src, ownerPassword)
	running, ok := app.FindRunning(src, stateOf(cmd))
	if (f.userAddr == "") != (f.productAddr == "") {
		return errors.New("give both addresses: --user-addr and --product-addr")
	}
	if f.userAddr != "" {
		running, ok = app.Running{Services: map[string]string{"user": f.userAddr, "product": f.productAddr}}, true
	}
	if !ok {
		return offline(ctx, src, stateOf(cmd), do)
	}
	who := app.Credentials{Email: f.ownerEmail, Password: password}
	if who.Email == "" && running.Owner != nil {
		who = *running.Owner
	}
	if who.Email == "" || who.Password == "" {
		return errors.New("the marketplace has no demo: give its owner's --owner-email, and the password in " + ownerPassword)
	}
	return online(ctx, running, who, do)
}

// online signs in at a marketplace that runs, and out again.
func online(ctx context.Context, at app.Running, who app.Credentials, do work) error {
	var network *rpc.Network // none of ours
	var conns [2]*grpc.ClientConn
	for i, service := range []string{"user", "product"} {
		conn, err := network.Dial(service, at.Services[service])
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() // nothing is under way
		conns[i] = conn
	}
	users := userv1.NewUserServiceClient(conns[0])
	got, err := users.Login(ctx, &userv1.LoginRequest{Email: who.Email, Password: who.Password})
	if err != nil {
		return fmt.Errorf("sign in as %s: %w", who.Email, err)
	}
	signed := rpc.Bearer(ctx, got.GetAccessToken())
	defer func() {
		_, _ = users.Logout(context.WithoutCancel(signed), &userv1.LogoutRequest{}) // it ends by itself in a week
	}()
	return do(signed, productv1.NewProductServiceClient(conns[1]))
}

// offline serves the catalogue within this process, on a database that nobody serves.
func offline(ctx context.Context, src config.Source, state string, do work) error {
	targets, err := app.Select("product")
	if err != nil {
		return err
	}
	if url := targets[0].DatabaseURL(src); url != "" {
		if err := app.CheckSchema(ctx, url); err != nil {
			return err
		}
		return serveWithin(ctx, src, do)
	}
	return app.WithDatabase(ctx, src, state, func(url string) error {
		if err := migrations.Up(ctx, url); err != nil {
			return err
		}
		return serveWithin(ctx, src.With(config.Source{"DATABASE_URL": url}), do)
	})
}

// serveWithin runs the product service, reachable from here alone, for as long as do takes.
func serveWithin(ctx context.Context, src config.Source, do work) error {
	env, common, err := run.NewEnv("catalogue", src.With(config.Source{"LOG_LEVEL": "error"}), io.Discard)
	if err != nil {
		return err
	}
	cfg, err := config.Load[product.Config](env.Source, "PRODUCT_")
	if err != nil {
		return err
	}
	ctx, finish := context.WithCancel(ctx)
	defer finish()
	return run.Run(ctx, common.ShutdownGrace, env, product.NewAlone, func(context.Context, *run.Env) ([]run.Task, error) {
		return []run.Task{run.Working("catalogue", func(ctx context.Context) error {
			defer finish()
			return asOperator(ctx, env, cfg, do)
		})}, nil
	})
}

// asOperator calls do with the rights of whoever holds the database and the keys.
func asOperator(ctx context.Context, env *run.Env, cfg product.Config, do work) error {
	issuer, err := auth.NewIssuer(cfg.Auth, env.Clock)
	if err != nil {
		return err
	}
	token, _, err := issuer.Access(id.New(), id.New(), []auth.Role{auth.RoleCatalog})
	if err != nil {
		return err
	}
	conn, err := env.Network.Dial("product", "")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing is under way
	return do(rpc.Bearer(ctx, token), productv1.NewProductServiceClient(conn))
}

// counter shows on a terminal how many rows are done.
func counter(cmd *cobra.Command, what string) (show func(rows int64), end func()) {
	w := cmd.ErrOrStderr()
	if !isTerminal(w) {
		return nil, func() {}
	}
	return func(rows int64) { _, _ = fmt.Fprintf(w, "\r%s %d rows ", what, rows) }, func() { _, _ = fmt.Fprint(w, "\r\x1b[K") }
}
