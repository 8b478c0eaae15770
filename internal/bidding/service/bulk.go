package service

import (
	"context"
	"errors"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// Entry is one of several things a caller asks for at once: an order to be entered or,
// when Cancel is set, one of his to be cancelled.
type Entry struct {
	New    NewOrder
	Cancel model.OrderID
	Side   model.Side // of Cancel
}

// Answer is what became of an entry: of a cancelled order its id, side, status and
// quantities.
type Answer struct {
	Placed
	Err error // the refusals of Place and Cancel
}

// Entered are entries on their way.
type Entered struct {
	service  *Service
	account  model.AccountID
	entries  []Entry
	refused  []error // by entry, nil for those that were sent
	commands []int   // the entry of each command
	bulk     engine.Pending
}

// Enter hands entries to the engine, those of one market in their order, and returns
// before they are carried out; what is entered afterwards comes after them. Those of one
// market become durable together (MATCH-014).
func (s *Service) Enter(ctx context.Context, account model.AccountID, entries []Entry) *Entered {
	e := &Entered{service: s, account: account, entries: entries, refused: make([]error, len(entries))}
	commands := make([]model.Command, 0, len(entries))
	ready := make(map[model.MarketID]error)
	for i := range entries {
		c, err := command(account, &entries[i])
		if err == nil && c.Kind == model.Place {
			known, looked := ready[c.Market]
			if !looked {
				known = s.usable(ctx, c.Market)
				ready[c.Market] = known
			}
			err = known
		}
		if e.refused[i] = err; err == nil {
			commands, e.commands = append(commands, c), append(e.commands, i)
		}
	}
	e.bulk = s.exchange.Start(ctx, commands)
	return e
}

func command(account model.AccountID, e *Entry) (model.Command, error) {
	if e.Cancel != 0 {
		return model.Command{Kind: model.Cancel, Account: account, Side: e.Side, Order: e.Cancel}, nil
	}
	return placement(account, e.New)
}

// usable opens a market that nobody used yet (MKT-002).
func (s *Service) usable(ctx context.Context, market model.MarketID) error {
	v, err := s.exchange.View(ctx, market)
	switch {
	case errors.Is(err, model.ErrMarketNotFound):
		if err = s.open(ctx, market); err != nil {
			return err
		}
	case err != nil, v.Market.Listing.Version != 0:
		return err
	}
	return s.confirm(ctx, market)
}

// Answers waits until every entry is durable or refused and returns what became of them,
// in their order.
func (e *Entered) Answers(ctx context.Context) []Answer {
	out := make([]Answer, len(e.entries))
	for i, err := range e.refused {
		out[i].Err = err
	}
	for n, r := range e.bulk.Wait(ctx) {
		i := e.commands[n]
		switch entry := &e.entries[i]; {
		case r.Err != nil && entry.Cancel != 0:
			out[i].Err = e.service.why(ctx, e.account, entry.Side, entry.Cancel, r.Err)
		case r.Err != nil:
			out[i].Err = r.Err
		default:
			out[i].Placed, out[i].Err = e.service.placed(ctx, r.Reply)
		}
	}
	return out
}
