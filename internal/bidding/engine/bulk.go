package engine

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// Result is the answer to one command of several.
type Result struct {
	Reply Reply
	Err   error
}

// Pending are commands on their way.
type Pending interface {
	// Wait returns the answers, in the order of the commands, once all are known or ctx ends.
	Wait(ctx context.Context) []Result
}

// Hand hands commands to one shard, which carries them out one after the other and makes
// them durable together, and returns at once; what is handed over later comes after them.
// Up to a few thousand at a time: a shard takes them in whole.
func (e *Engine) Hand(ctx context.Context, shard uint8, commands []model.Command) Pending {
	h := &handed{engine: e, request: newRequest(commands...)}
	switch {
	case !e.started():
		h.err = model.ErrUnavailable.After(renewEvery)
	case e.shards[shard] == nil:
		h.err = model.ErrNotOpen
	default:
		h.err = e.enqueue(ctx, e.shards[shard], h.request)
	}
	return h
}

// handed is what a shard was handed.
type handed struct {
	engine  *Engine
	request *request
	err     error // it was not taken in
}

// Wait implements Pending.
func (h *handed) Wait(ctx context.Context) []Result {
	err := h.err
	if err == nil {
		err = h.engine.wait(ctx, h.request)
	}
	out := make([]Result, len(h.request.items))
	for i := range out {
		if out[i].Err = err; err == nil { // otherwise the writer may still be at it
			out[i] = Result{h.request.items[i].reply, h.request.items[i].err}
		}
	}
	return out
}

// Spread hands commands to the shards they belong to, all of a shard's at once and in their
// order, so that those of one market become durable together (MATCH-014).
func Spread(
	commands []model.Command, shardOf func(*model.Command) (uint8, error), hand func(shard uint8, commands []model.Command) Pending,
) Pending {
	b := &bulk{places: make([]place, len(commands))}
	for i := range commands {
		shard, err := shardOf(&commands[i])
		if err != nil {
			b.places[i].err = err
			continue
		}
		p := b.of(shard)
		b.places[i].part, b.places[i].item = p, len(p.commands)
		p.commands = append(p.commands, commands[i])
	}
	for _, p := range b.parts {
		p.pending = hand(p.shard, p.commands)
	}
	return b
}

// bulk is several commands on their way (MATCH-014).
type bulk struct {
	parts  []*part
	places []place // by command
}

// part is what one shard was handed.
type part struct {
	shard    uint8
	commands []model.Command
	pending  Pending
	results  []Result
}

// place says where a command's answer comes from: an item of a part, or err.
type place struct {
	part *part
	item int
	err  error
}

func (b *bulk) of(shard uint8) *part {
	for _, p := range b.parts {
		if p.shard == shard {
			return p
		}
	}
	p := &part{shard: shard}
	b.parts = append(b.parts, p)
	return p
}

// Wait implements Pending.
func (b *bulk) Wait(ctx context.Context) []Result {
	for _, p := range b.parts {
		p.results = p.pending.Wait(ctx)
	}
	out := make([]Result, len(b.places))
	for i, at := range b.places {
		if out[i].Err = at.err; at.err == nil {
			out[i] = at.part.results[at.item]
		}
	}
	return out
}
