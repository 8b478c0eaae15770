package service

import (
	"context"
	"fmt"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// work is one stock operation on a locked size.
type work struct {
	Locked
	size    model.Size
	deleted bool // its product is
	now     time.Time
}

// decision is what an operation decided: the change to write, or nil when there is nothing to change.
// A domain "no" is a decision too; it writes nothing.
type decision func(ctx context.Context, w *work) (*model.Entry, error)

// onSize locks a size, expires what is overdue on it, lets decide decide and writes what
// it decided, in one transaction. A refusal keeps the expiries.
func (s *Service) onSize(ctx context.Context, size id.UUID, decide decision) error {
	var refusal error
	err := s.store.LockSize(ctx, size, func(ctx context.Context, row Locked) error {
		refusal = nil
		w := &work{Locked: row, now: s.clk.Now()}
		w.size, w.deleted = row.Size()
		if _, err := w.expire(ctx); err != nil {
			return err
		}
		entry, err := decide(ctx, w)
		switch {
		case err != nil && errs.KindOf(err) != errs.Internal:
			refusal = err
			return nil
		case err != nil || entry == nil:
			return err
		}
		return w.Write(ctx, *entry)
	})
	if err != nil {
		return err
	}
	return refusal
}

// expire gives back what was held for too long and tells how many reservations that were.
func (w *work) expire(ctx context.Context) (int, error) {
	overdue, err := w.Overdue(ctx, w.now)
	if err != nil {
		return 0, err
	}
	for _, r := range overdue {
		t, err := w.size.End(&r, model.Expired, model.Cause{Actor: System, At: w.now})
		if err != nil {
			return 0, err
		}
		if err := w.Write(ctx, model.Entry{Size: w.size, Transaction: t, Reservation: &r}); err != nil {
			return 0, err
		}
	}
	return len(overdue), nil
}

// asOf returns the size as a reference's line of that kind left it.
func (w *work) asOf(ctx context.Context, reference string, kind model.Kind) (model.Size, error) {
	t, found, err := w.Past(ctx, reference, kind)
	if err != nil {
		return model.Size{}, err
	}
	if !found {
		return model.Size{}, fmt.Errorf("size %s: no %s under reference %q", w.size.ID, kind, reference)
	}
	return w.size.AsOf(t), nil
}

// UpdateInventory adds items to a size's stock or takes them away. The same reference with
// the same content again changes nothing and returns the first result. Of a deleted
// product items can be taken out, not put in.
// Errors: model.ErrSizeNotFound, model.ErrInsufficientStock, model.ErrStockLimit,
// model.ErrReferenceTaken, InvalidArgument naming the field. Rules: PROD-005, PROD-006.
func (s *Service) UpdateInventory(ctx context.Context, c Caller, a model.Adjustment) (size model.Size, err error) {
	if err := a.Normalize(); err != nil {
		return model.Size{}, err
	}
	err = s.onSize(ctx, a.SizeID, func(ctx context.Context, w *work) (*model.Entry, error) {
		first, found, err := w.repeated(ctx, a)
		if err != nil || found {
			size = w.size.AsOf(first)
			return nil, err
		}
		if w.deleted && a.Delta > 0 {
			return nil, model.ErrSizeNotFound
		}
		t, err := w.size.Adjust(a.Delta, model.Cause{Reference: a.Reference, Reason: a.Reason, Actor: c.Actor, At: w.now})
		size = w.size
		return &model.Entry{Size: w.size, Transaction: t}, err
	})
	return size, err
}

// repeated finds the line of an adjustment that was made before under the same reference.
func (w *work) repeated(ctx context.Context, a model.Adjustment) (first model.Transaction, found bool, err error) {
	if a.Reference == "" {
		return first, false, nil
	}
	first, found, err = w.Past(ctx, a.Reference, model.Adjust)
	if found && !a.Same(first) {
		return first, true, model.ErrReferenceTaken
	}
	return first, found, err
}
