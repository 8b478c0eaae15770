// Package seed fills a new marketplace with a demo: a catalogue, people, and
// months of trade that end at the present. It is a client of the public APIs and
// nothing else: every bid, ask and sale goes through the exchange, the oldest
// first, on a clock that is led from the past to the present meanwhile.
//
// First everything is planned, which is pure and the same for everybody, then it
// is carried out. A run that was cut off is gone on with by the next.
package seed

import (
	"context"
	"io"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// Client reaches the three services.
type Client struct {
	Users    userv1.UserServiceClient
	Products productv1.ProductServiceClient
	Bidding  biddingv1.BiddingServiceClient
}

// NewClient makes a Client of a connection to each service.
func NewClient(users, products, bidding grpc.ClientConnInterface) Client {
	return Client{userv1.NewUserServiceClient(users), productv1.NewProductServiceClient(products), biddingv1.NewBiddingServiceClient(bidding)}
}

// Options say where and how a demo is made.
type Options struct {
	Client
	Clock    *clock.Traveller // that of the whole marketplace; stands at Mark.Begin at the latest
	Mark     Mark             // what to make: of Look, or Planned
	Password string           // of every account; the owner must exist with it
	Progress io.Writer        // nil: nobody
	Terminal bool             // Progress shows a bar
}

// Planned is the mark of a demo that is to be made of a scale, and lead to now.
func Planned(s Scale, now time.Time) Mark { return Mark{Scale: s, Until: now.UTC()} }

// Begin is when a demo begins: where the clock of its marketplace must stand.
func (m Mark) Begin() time.Time { return m.Until.Add(-m.Scale.span()) }

// seeding is one run.
type seeding struct {
	Options
	plan     *plan
	mark     Mark
	owner    *account
	people   []*account // as in the plan
	first    string     // id of the first product
	markets  []string   // ids, as in the plan
	orders   []int64    // numbers the exchange gave to the plan's
	progress progress
}

// Run makes a demo, or what is missing of one that was begun, and then lets the
// clock arrive at the present. When it fails the clock stays where it is, so that
// nothing that is still under way takes the exchange's time beyond the demo's.
// Errors: ErrSignIn and ErrTraded when the marketplace is not a new one; ctx's.
func Run(ctx context.Context, o Options) (Report, error) {
	if err := o.Mark.Scale.Validate(); err != nil {
		return Report{}, err
	}
	if o.Mark.State == Complete {
		return Report{Mark: o.Mark}, nil
	}
	s := newSeeding(o)
	if o.Progress != nil {
		defer s.progress.watch(ctx, o.Progress, o.Terminal)()
	}
	if err := s.carryOut(ctx); err != nil {
		return Report{}, err
	}
	o.Clock.Arrive()
	seen, err := s.look(ctx)
	if err != nil {
		return Report{}, err
	}
	r := s.report(seen)
	r.CutOff, r.Took = o.Mark.State == Begun, clock.Since(s.progress.begin)
	return r, nil
}

func newSeeding(o Options) *seeding {
	s := &seeding{Options: o, mark: o.Mark, plan: newPlan(o.Mark.Scale, o.Mark.Until)}
	s.mark.State = Begun
	s.owner = newAccount(o.Client, o.Clock, persona{email: Owner}, o.Password)
	for _, who := range s.plan.people {
		s.people = append(s.people, newAccount(o.Client, o.Clock, who, o.Password))
	}
	s.markets, s.orders = make([]string, len(s.plan.spots)), make([]int64, s.plan.orders)
	s.progress.plan, s.progress.begin = s.plan, clock.Monotonic()
	return s
}

// carryOut signs people in while the catalogue is made and trade begins already:
// a password takes a quarter of a second of a processor.
func (s *seeding) carryOut(ctx context.Context) error {
	if err := s.owner.signIn(ctx); err != nil {
		return err
	}
	if s.Mark.State == Absent {
		if err := s.refuseTraded(ctx); err != nil {
			return err
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.join(gctx) })
	g.Go(func() error { return s.make(gctx) })
	if err := g.Wait(); err != nil {
		return err
	}
	err := s.finish(ctx)
	s.leave(ctx)
	return err
}

// leave ends everybody's session.
func (s *seeding) leave(ctx context.Context) {
	for _, a := range append(slices.Clone(s.people), s.owner) {
		a.leave(ctx)
	}
}

func (s *seeding) make(ctx context.Context) error {
	if err := s.stock(ctx); err != nil {
		return err
	}
	from, again := 0, false
	if s.Mark.State == Begun {
		var err error
		if from, again, err = s.recall(ctx); err != nil {
			return err
		}
	}
	s.progress.skip(from)
	return s.trade(ctx, from, again)
}

// join brings everybody in, in the order in which they are on shift.
func (s *seeding) join(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, runtime.GOMAXPROCS(0)/2)) // the user service checks as many passwords at a time
	for _, who := range arrivals(s.plan.scale) {
		g.Go(func() error { return s.people[who].join(ctx) })
	}
	return g.Wait()
}
