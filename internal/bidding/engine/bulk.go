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

// Bulk is several commands on their way (MATCH-014).
type Bulk struct {
	engine *Engine
	parts  []*part
	places []place // by command
}

// part is what one shard was handed.
type part struct {
	shard   *shard
	request *request
	err     error // it was not taken in
}

// place says where a command's answer comes from: an item of a part, or err.
type place struct {
	part *part
	item int
	err  error
}

// Start hands commands over, those of one market in their order, and returns at once;
// what comes after is behind them. Commands of one market become durable together.
// Up to a few thousand at a time: a shard takes its part in whole.
func (e *Engine) Start(ctx context.Context, commands []model.Command) *Bulk {
	b := &Bulk{engine: e, places: make([]place, len(commands))}
	for i := range commands {
		s, err := e.route(&commands[i])
		if err != nil {
			b.places[i].err = err
			continue
		}
		p := b.of(s)
		b.places[i].part, b.places[i].item = p, len(p.request.items)
		p.request.items = append(p.request.items, item{command: commands[i]})
	}
	for _, p := range b.parts {
		p.err = e.enqueue(ctx, p.shard, p.request)
	}
	return b
}

func (b *Bulk) of(s *shard) *part {
	for _, p := range b.parts {
		if p.shard == s {
			return p
		}
	}
	p := &part{shard: s, request: newRequest()}
	b.parts = append(b.parts, p)
	return p
}

// Wait returns the answers, in the order of the commands, once all are known.
func (b *Bulk) Wait(ctx context.Context) []Result {
	for _, p := range b.parts {
		if p.err == nil {
			p.err = b.engine.wait(ctx, p.request)
		}
	}
	out := make([]Result, len(b.places))
	for i, at := range b.places {
		switch {
		case at.err != nil:
			out[i].Err = at.err
		case at.part.err != nil:
			out[i].Err = at.part.err
		default:
			it := &at.part.request.items[at.item]
			out[i] = Result{it.reply, it.err}
		}
	}
	return out
}
