package replay

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

const (
	poolSize = 64 // sellers, and as many buyers
	domain   = "replay.example"
)

// The lifted caps of the pool (MATCH-015).
const (
	openPerMarket = 1_000_000
	openTotal     = 100_000_000
)

// pool is the sellers and buyers of all replays on one marketplace. An account
// is made once; those that are missing are made while rows are replayed already,
// because a password's hash takes a fifth of a second of a processor and a row
// needs no particular account.
type pool struct {
	users   userv1.UserServiceClient
	bidding biddingv1.BiddingServiceClient
	owner   *account
	clk     clock.Clock

	sellers, buyers crew
	paired          chan struct{} // closed once there is one of each
	pairing         sync.Once
}

// crew is one side of the pool.
type crew struct {
	all  []*account
	old  []bool // made by an earlier run
	next atomic.Uint32

	mu    sync.RWMutex
	ready []uint8 // places in all
}

// pick returns one of those that are ready, each in its turn, as a place from 1.
func (c *crew) pick() uint8 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.ready[int(c.next.Add(1))%len(c.ready)] + 1
}

// earlier returns an account that an earlier run used; false when this
// marketplace never had it.
func (c *crew) earlier(place uint8) bool {
	return place > 0 && int(place) <= len(c.old) && c.old[place-1]
}

func (c *crew) add(i int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ready = append(c.ready, uint8(i))
}

func (c *crew) count() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.ready)
}

func newPool(o Options, k *keep, owner *account) *pool {
	p := &pool{
		users: userv1.NewUserServiceClient(o.Users), bidding: biddingv1.NewBiddingServiceClient(o.Bidding[0]),
		owner: owner, clk: o.Clock, paired: make(chan struct{}),
	}
	for side, c := range map[string]*crew{"seller": &p.sellers, "buyer": &p.buyers} {
		c.old = make([]bool, poolSize)
		for i := range poolSize {
			email := fmt.Sprintf("%s-%02d.%s@%s", side, i+1, k.name(), domain)
			c.all = append(c.all, &account{
				email: email, password: k.password(email), users: p.users, clk: o.Clock, tokens: k.remembered(email),
				save: func(t tokens) error { return k.remember(email, t) },
			})
		}
	}
	return p
}

// member is one account of the pool, with its place.
type member struct {
	*account
	crew  *crew
	place int // from 0
}

// members lists the accounts that were made earlier, or those that were not,
// sellers and buyers by turns.
func (p *pool) members(old bool) []member {
	var out []member
	for i := range poolSize {
		for _, c := range []*crew{&p.sellers, &p.buyers} {
			if c.old[i] == old {
				out = append(out, member{c.all[i], c, i})
			}
		}
	}
	return out
}

// find asks which accounts there are.
func (p *pool) find(ctx context.Context, name string) error {
	read := func(ctx context.Context, token string) (*userv1.ListUsersResponse, error) {
		return as(ctx, p.owner, func(ctx context.Context) (*userv1.ListUsersResponse, error) {
			return p.users.ListUsers(ctx, &userv1.ListUsersRequest{Query: "." + name + "@" + domain, PageSize: pageSize, PageToken: token})
		})
	}
	err := pages(ctx, p.clk, read, func(got *userv1.ListUsersResponse) (bool, error) {
		for _, u := range got.GetUsers() {
			for _, c := range []*crew{&p.sellers, &p.buyers} {
				if i := slices.IndexFunc(c.all, func(a *account) bool { return a.email == u.GetEmail() }); i >= 0 {
					c.old[i] = true
				}
			}
		}
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("look for the accounts of earlier replays: %w", err)
	}
	return nil
}

// prepare signs a member in, lifts his caps and hands him to known; then he is ready.
func (p *pool) prepare(ctx context.Context, m member, known func(context.Context, member) error) error {
	if !m.crew.old[m.place] {
		kind, _, _ := strings.Cut(m.email, "-")
		if err := m.register(ctx, "Replay", fmt.Sprintf("%s %d", kind, m.place+1)); err != nil {
			return err
		}
	}
	user, err := m.profile(ctx)
	if err != nil {
		return err
	}
	if m.crew == &p.sellers { // also for a token that names the role
		if err := m.sell(ctx); err != nil {
			return err
		}
	}
	// Besides lifting the caps, this passes through the queue of every part of the
	// exchange: what a killed run sent in this account's name is decided before it.
	_, err = as(ctx, p.owner, func(ctx context.Context) (*biddingv1.SetAccountLimitsResponse, error) {
		return p.bidding.SetAccountLimits(ctx, &biddingv1.SetAccountLimitsRequest{Limits: &biddingv1.AccountLimits{
			AccountId: user.GetId(), MaxOpenPerMarket: openPerMarket, MaxOpenTotal: openTotal,
		}})
	})
	if err != nil {
		return fmt.Errorf("limits of %s: %w", m.email, err)
	}
	if known != nil {
		if err := known(ctx, m); err != nil {
			return err
		}
	}
	m.crew.add(m.place)
	if p.sellers.count() > 0 && p.buyers.count() > 0 {
		p.pairing.Do(func() { close(p.paired) })
	}
	return nil
}

// each prepares members, so many at a time.
func (p *pool) each(ctx context.Context, all []member, atOnce int, known func(context.Context, member) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, m := range all {
		g.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return p.prepare(ctx, m, known)
		})
	}
	return g.Wait()
}
