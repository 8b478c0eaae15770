// Package replay trades a file of real sales again: for each row an ask and a
// bid at its price, which match. It is a client of the public APIs and nothing
// else. It may be cut off at any point and run again: nothing doubles, nothing
// is missing.
package replay

import (
	"context"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// Options say where and how a file is replayed.
type Options struct {
	Users, Products grpc.ClientConnInterface
	Bidding         []grpc.ClientConnInterface // orders are spread over them; at least one

	OwnerEmail, OwnerPassword string

	State    string    // state folder; what a resumed run needs is kept in a folder of it
	Progress io.Writer // lines for people
	Terminal bool      // Progress shows a bar
	Began    time.Time // a clock.Monotonic reading that the report's seconds count from; zero: now
	Server   int       // process of the marketplace when it is another one; 0 = unknown
	Clock    clock.Clock

	InFlight int // batches under way at a time; 0 = a number that suits two processors
	Makers   int // accounts made at a time; 0 = by the number of processors
}

// Fewer leave a processor idle while a batch is committed; more make each of them smaller.
const defaultInFlight = 4

const recallers = 8 // accounts whose earlier orders are read at a time

// replay is one run.
type replay struct {
	Options
	file     *File
	owner    *account
	pool     *pool
	bidding  []biddingv1.BiddingServiceClient
	keep     *keep
	assigned *assignments

	byNumber map[int32]int32 // row number -> position
	noting   sync.Mutex
	done     []done // by row; while it trades, a market's lane owns its rows
	traded   atomic.Int64
	batches  atomic.Int64
	recalled atomic.Int64
}

// Run replays a file on a marketplace and compares what the sales tapes then
// say. One File is for one run at a time. Errors: why it could not be carried out; what it found wrong is in the
// report, see Verdict.
func Run(ctx context.Context, f *File, o Options) (Report, error) {
	r, err := newReplay(f, o)
	if err != nil {
		return Report{}, err
	}
	defer r.keep.close()
	defer r.assigned.close()
	for _, d := range f.Damaged {
		r.say("damaged, left out: %s", d)
	}
	defer r.owner.logout(context.WithoutCancel(ctx))
	if err := r.carryOut(ctx); err != nil {
		return Report{}, err
	}
	t, err := r.check(ctx)
	if err != nil {
		return Report{}, err
	}
	report := r.report(t)
	if report.Ok {
		err = r.assigned.finish()
	}
	return report, err
}

func newReplay(f *File, o Options) (*replay, error) {
	o = o.withDefaults()
	k, err := openKeep(o.State)
	if err != nil {
		return nil, err
	}
	assigned, err := k.assignments(f.Hash, len(f.rows))
	if err != nil {
		k.close()
		return nil, err
	}
	r := &replay{
		Options: o, file: f, keep: k, assigned: assigned,
		owner:    &account{email: o.OwnerEmail, password: o.OwnerPassword, users: userv1.NewUserServiceClient(o.Users), clk: o.Clock},
		byNumber: make(map[int32]int32, len(f.rows)),
		done:     make([]done, len(f.rows)),
	}
	r.pool = newPool(o, k, r.owner)
	for _, conn := range o.Bidding {
		r.bidding = append(r.bidding, biddingv1.NewBiddingServiceClient(conn))
	}
	for _, m := range f.markets { // of an earlier run on the same File
		m.id, m.err, m.next, m.product.id = "", nil, 0, ""
	}
	for i, row := range f.rows {
		r.byNumber[row.number] = int32(i)
	}
	return r, nil
}

func (o Options) withDefaults() Options {
	if o.InFlight == 0 {
		o.InFlight = defaultInFlight
	}
	if o.Makers == 0 {
		o.Makers = max(2, runtime.GOMAXPROCS(0)/2) // the user service hashes as many at a time, and at least one
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.Began.IsZero() {
		o.Began = clock.Monotonic()
	}
	return o
}

// carryOut opens the markets, brings the accounts together and trades. New
// accounts are made until the last row is done; what is missing of the pool
// then is left to the next replay.
func (r *replay) carryOut(ctx context.Context) error {
	if _, err := r.owner.token(ctx); err != nil {
		return err
	}
	if err := r.pool.find(ctx, r.keep.name()); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	making, enough := context.WithCancel(ctx)
	defer enough()
	recalled := make(chan struct{})
	g.Go(func() error {
		if err := r.pool.each(making, r.pool.members(true), recallers, r.recall); err != nil {
			return err
		}
		close(recalled)
		err := r.pool.each(making, r.pool.members(false), r.Makers, nil)
		if making.Err() != nil && ctx.Err() == nil {
			return nil
		}
		return err
	})
	g.Go(func() error {
		defer enough()
		return r.tradeAll(ctx, recalled)
	})
	return g.Wait()
}

// tradeAll trades as soon as the markets are open, what was placed earlier is
// known and there is somebody to trade.
func (r *replay) tradeAll(ctx context.Context, recalled <-chan struct{}) error {
	shop := &catalogue{productv1.NewProductServiceClient(r.Products), r.bidding[0], r.owner, r.Clock}
	if err := shop.open(ctx, r.file); err != nil {
		return err
	}
	for _, ready := range []<-chan struct{}{recalled, r.pool.paired} {
		select {
		case <-ready:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if n := r.recalled.Load(); n > 0 {
		r.say("%d rows were done by an earlier run", n)
	}
	watching, stop := context.WithCancel(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() { r.watch(watching) })
	err := r.trade(ctx)
	stop()
	watcher.Wait()
	return err
}

const shownTrouble = 20

func (r *replay) report(t tally) Report {
	rep := Report{
		File: r.file.Hash, Rows: r.file.Rows, Damaged: len(r.file.Damaged), Matches: t.matches, Volume: t.volume,
		FileVolume: int64(r.file.Volume), PriceMismatches: t.mismatches, Markets: t.markets, FileMarkets: r.file.Markets(),
		Batches: r.batches.Load(), Recalled: r.recalled.Load(), Sellers: r.pool.sellers.count(), Buyers: r.pool.buyers.count(),
	}
	for _, m := range r.file.markets {
		if m.err != nil && len(rep.Trouble) < shownTrouble {
			rep.Trouble = append(rep.Trouble, m.err.Error())
		}
	}
	rep.RSSBytes, rep.RSSNowBytes = resident(0)
	if r.Server != 0 {
		rep.ServerRSSBytes, _ = resident(r.Server)
	}
	rep.Seconds = seconds(clock.Since(r.Began))
	rep.Ok = rep.Verdict() == nil
	return rep
}
