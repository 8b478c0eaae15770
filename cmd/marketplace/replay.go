package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/replay"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// ownerPassword is the variable with the password of --owner-email.
const ownerPassword = "MARKETPLACE_OWNER_PASSWORD" //nolint:gosec // the variable's name, not a password

// biddingConns are how many connections the orders are spread over.
const biddingConns = 4

// replayFlags are the command's own flags.
type replayFlags struct {
	report, ownerEmail string
	addresses          map[string]*string // target -> host:port
	inFlight           int
}

func replayCommand() *cobra.Command {
	f := replayFlags{addresses: map[string]*string{}}
	cmd := &cobra.Command{
		Use:   "replay FILE",
		Short: "Trade a sales file again: an ask and a bid that match for every row of a CSV, .gz too",
		Long: `Replay works on the marketplace that runs here, or at the addresses given; else it starts
one for as long as it takes and removes it. It may be cut off and run again.
FILE has the columns order_date, brand, name, sale_price_cents, retail_price_cents, release_date, size.
A marketplace without demo accounts needs --owner-email, and the password in ` + ownerPassword + `.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	cmd.Flags().StringVar(&f.report, "report", "", "`file` for the report, as JSON")
	cmd.Flags().StringVar(&f.ownerEmail, "owner-email", "", "`address` of the owner's or an administrator's account")
	cmd.Flags().IntVar(&f.inFlight, "in-flight", 0, "batches under way at a time (default 4)")
	for _, t := range app.Targets() {
		f.addresses[t.Name] = cmd.Flags().String(t.Name+"-addr", "", "`host:port` of the "+t.Name+" service of a marketplace that runs elsewhere")
	}
	return cmd
}

func (f replayFlags) run(cmd *cobra.Command, path string) error {
	began := clock.Monotonic()
	file, err := replay.Read(path)
	if err != nil {
		return err
	}
	o := replay.Options{Progress: cmd.ErrOrStderr(), Terminal: isTerminal(cmd.ErrOrStderr()), Began: began, InFlight: f.inFlight}
	report, err := f.carryOut(cmd, file, o)
	if err != nil {
		return err
	}
	if err := f.write(report); err != nil {
		return err
	}
	for _, t := range report.Trouble {
		_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "left: "+t)
	}
	if _, err := fmt.Fprintln(cmd.OutOrStdout(), report); err != nil {
		return err
	}
	return report.Verdict()
}

// carryOut finds the marketplace to work on, or starts one.
func (f replayFlags) carryOut(cmd *cobra.Command, file *replay.File, o replay.Options) (report replay.Report, err error) {
	ctx, src := cmd.Context(), config.Environ()
	o.OwnerEmail, o.OwnerPassword = f.ownerEmail, src[ownerPassword]
	delete(src, ownerPassword)
	running, ok, err := f.find(src, stateOf(cmd))
	if err != nil {
		return report, err
	}
	if ok {
		o.State, o.Server = running.state, running.PID
		if o.OwnerEmail == "" && running.Owner != nil {
			o.OwnerEmail, o.OwnerPassword = running.Owner.Email, running.Owner.Password
		}
		if o.OwnerEmail == "" || o.OwnerPassword == "" {
			return report, errors.New("the marketplace has no demo: give its owner's --owner-email, and the password in " + ownerPassword)
		}
		return f.connected(ctx, file, o, func(service string) (*grpc.ClientConn, error) {
			return (*rpc.Network)(nil).Dial(service, running.Services[service])
		})
	}
	_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "no marketplace is running: starting a temporary one")
	err = app.Temporary(ctx, app.Options{Source: src, State: stateOf(cmd), Notice: cmd.ErrOrStderr()}, file.Hash, func(ctx context.Context, g app.Guest) error {
		o.State, o.OwnerEmail, o.OwnerPassword = g.State, g.Owner.Email, g.Owner.Password
		report, err = f.connected(ctx, file, o, g.Dial)
		return err
	})
	if err != nil {
		_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "the temporary marketplace is kept: the same command again goes on with it")
	}
	return report, err
}

// place is a marketplace that runs, and where to keep what a resumed run needs.
type place struct {
	app.Running
	state string
}

// find looks for the marketplace at the addresses given, else for the one that runs here.
func (f replayFlags) find(src config.Source, state string) (place, bool, error) {
	dir, err := app.StateFolder(src, state)
	if err != nil {
		return place{}, false, err
	}
	given := map[string]string{}
	for name, address := range f.addresses {
		if *address != "" {
			given[name] = *address
		}
	}
	switch len(given) {
	case 0:
		r, ok := app.ReadRunning(dir)
		return place{r, dir}, ok, nil
	case len(f.addresses):
		return place{app.Running{Services: given}, dir}, true, nil
	}
	return place{}, false, errors.New("give the addresses of all three services: --user-addr, --product-addr and --bidding-addr")
}

// connected replays over connections of its own.
func (f replayFlags) connected(ctx context.Context, file *replay.File, o replay.Options, dial func(service string) (*grpc.ClientConn, error)) (replay.Report, error) {
	var conns []*grpc.ClientConn
	defer func() {
		for _, c := range conns {
			_ = c.Close() // nothing is under way
		}
	}()
	for _, service := range append([]string{"user", "product"}, repeated("bidding", biddingConns)...) {
		c, err := dial(service)
		if err != nil {
			return replay.Report{}, err
		}
		conns = append(conns, c)
	}
	o.Users, o.Products = conns[0], conns[1]
	for _, c := range conns[2:] {
		o.Bidding = append(o.Bidding, c)
	}
	return replay.Run(ctx, file, o)
}

func repeated(s string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s
	}
	return out
}

// write saves the report where it was asked for.
func (f replayFlags) write(r replay.Report) error {
	if f.report == "" {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := os.WriteFile(f.report, append(text, '\n'), 0o644); err != nil { //nolint:gosec // it holds nothing secret
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
