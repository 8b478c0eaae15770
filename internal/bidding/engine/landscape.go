package engine

import (
	"context"
	"math"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// Landscape is who holds which shard, as of one look at the database.
type Landscape struct {
	Now    time.Time // by the database's clock
	Shards map[uint8]Holding
	Nodes  map[string]bool // those that are alive
}

// Holding is what is known of one shard's owner.
type Holding struct {
	Owner   Node          // as of its last claim; no name when it gave the shard up
	Epoch   int64         // rises with each claim
	FreeFor time.Duration // since the lease ended or was given up; negative while it lasts
}

// Held reports whether somebody's lease still lasts.
func (h Holding) Held() bool { return h.Owner.Name != "" && h.FreeFor < 0 }

// How shards move between nodes.
const (
	anybodysAfter = 1500 * time.Millisecond // a free shard that its heir did not claim
	giveUpEvery   = 5 * time.Second         // at most one shard, so that it can be seen where it went
	staleAfter    = time.Second             // what the landscape says is not believed any longer
)

// load counts the shards that a node holds.
func (l *Landscape) load(node string) int {
	n := 0
	for _, h := range l.Shards {
		if h.Held() && h.Owner.Name == node {
			n++
		}
	}
	return n
}

// least is the smallest number of shards that a live node other than this one holds.
func (l *Landscape) least(node string) int {
	least := math.MaxInt
	for other := range l.Nodes {
		if other != node {
			least = min(least, l.load(other))
		}
	}
	return least
}

// MayClaim reports whether a node is to claim a shard: its own again, or a free one when no
// live node holds fewer, or when it was left lying.
func (l *Landscape) MayClaim(node string, shard uint8) bool {
	h := l.Shards[shard]
	switch {
	case h.Owner.Name == node:
		return true
	case h.Held():
		return false
	}
	return h.FreeFor > anybodysAfter || l.load(node) <= l.least(node)
}

// Surplus returns a shard that a node holds and is to give up, because another one holds
// fewer by two or more: the highest of them.
func (l *Landscape) Surplus(node string) (shard uint8, ok bool) {
	if least := l.least(node); least == math.MaxInt || l.load(node) < least+2 {
		return 0, false
	}
	for n, h := range l.Shards {
		if h.Held() && h.Owner.Name == node && (!ok || n > shard) {
			shard, ok = n, true
		}
	}
	return shard, ok
}

// sight is a landscape, and how this node stands in it.
type sight struct {
	Landscape
	asked  time.Time // by the monotonic clock
	skewed bool      // its clock is too far off: it claims nothing
}

// fresh reports whether the sight is still to be believed.
func (s *sight) fresh() bool { return s != nil && clock.Since(s.asked) <= staleAfter }

// watch looks at the landscape again and again until ctx ends, and gives up what is too
// much for this node.
func (e *Engine) watch(ctx context.Context) {
	gaveUp := clock.Monotonic()
	for {
		l, err := e.look(ctx)
		if err == nil && clock.Since(gaveUp) > giveUpEvery {
			if n, ok := l.Surplus(e.node.Name); ok && e.shards[n].giveUp() {
				e.log.Info().Uint8("shard", n).Msg("shard given up: another node has fewer")
				gaveUp = clock.Monotonic()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(landscapeEvery):
		}
	}
}

// look reads the landscape and shows it to all who route by it.
func (e *Engine) look(ctx context.Context) (*Landscape, error) {
	call, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	s := &sight{asked: clock.Monotonic()}
	var err error
	if s.Landscape, err = e.store.Landscape(call, Term); err != nil {
		if ctx.Err() == nil {
			e.log.Warn().Err(err).Msg("it is not known who holds the shards")
		}
		return nil, err
	}
	s.skewed = skewed(e.clock, s.Now)
	e.sight.Store(s)
	return &s.Landscape, nil
}

// skewed reports whether this machine's clock is so far off the database's that it must
// not write; a clock that was made for a test is as it was made.
func skewed(c clock.Clock, database time.Time) bool {
	_, real := c.(clock.System)
	ahead := database.Sub(c.Now())
	return real && (ahead > maxSkew || ahead < -maxSkew)
}

// Alive reports whether a node was seen when anybody last looked.
func (e *Engine) Alive(node string) bool {
	s := e.sight.Load()
	return s != nil && s.Nodes[node]
}

// Owner returns the node that held a shard when anybody last looked, false when that was
// nobody, this node itself, or too long ago.
func (e *Engine) Owner(shard uint8) (Node, bool) {
	s := e.sight.Load()
	if local := e.shards[shard]; !s.fresh() || local == nil || local.serving.Load() != nil {
		return Node{}, false
	}
	h := s.Shards[shard]
	return h.Owner, h.Held() && h.Owner.Name != e.node.Name
}
