package service

import (
	"context"
	"errors"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Outcome is a reservation as it stands and the size as the operation left it. A repeated
// operation gets the size as its first run left it.
type Outcome struct {
	Reservation model.Reservation
	Size        model.Size
}

// Reserve sets stock of a size aside under a reference. The same reference with the same
// content again changes nothing.
// Errors: model.ErrSizeNotFound, model.ErrInsufficientStock saying how many are available,
// model.ErrReferenceTaken, InvalidArgument naming the field. Rule: PROD-005.
func (s *Service) Reserve(ctx context.Context, c Caller, h model.Hold) (out Outcome, err error) {
	if err := h.Normalize(); err != nil {
		return Outcome{}, err
	}
	err = s.onSize(ctx, h.SizeID, func(ctx context.Context, w *work) (*model.Entry, error) {
		first, err := w.Reservation(ctx, h.Reference)
		switch {
		case err == nil && h.Same(first):
			out.Reservation = first
			out.Size, err = w.asOf(ctx, h.Reference, model.Reserve)
			return nil, err
		case err == nil:
			return nil, model.ErrReferenceTaken
		case !errors.Is(err, model.ErrReservationNotFound):
			return nil, err
		case w.deleted:
			return nil, model.ErrSizeNotFound
		}
		r, t, err := w.size.Reserve(h.Quantity, h.TTL, model.Cause{Reference: h.Reference, Actor: c.Actor, At: w.now})
		out = Outcome{r, w.size}
		return &model.Entry{Size: w.size, Transaction: t, Reservation: &r}, err
	})
	return out, err
}

// Release gives a reservation's stock back; again, it changes nothing.
// Errors: model.ErrReservationNotFound, model.ErrReservationEnded naming the state of one
// that was sold or has expired. Rule: PROD-005.
func (s *Service) Release(ctx context.Context, c Caller, reference string) (Outcome, error) {
	return s.end(ctx, c, reference, model.Released, model.Release)
}

// Sell takes a reservation's stock out for good; again, it changes nothing.
// Errors: model.ErrReservationNotFound, model.ErrReservationEnded naming the state of one
// that was released or has expired. Rule: PROD-005.
func (s *Service) Sell(ctx context.Context, c Caller, reference string) (Outcome, error) {
	return s.end(ctx, c, reference, model.Sold, model.Sell)
}

func (s *Service) end(
	ctx context.Context, c Caller, reference string, to model.State, kind model.Kind,
) (out Outcome, err error) {
	if err := model.Reference(&reference); err != nil {
		return Outcome{}, err
	}
	found, err := s.store.Reservation(ctx, reference)
	if err != nil {
		return Outcome{}, err
	}
	err = s.onSize(ctx, found.SizeID, func(ctx context.Context, w *work) (*model.Entry, error) {
		r, err := w.Reservation(ctx, reference) // again, now that it cannot change
		if err != nil {
			return nil, err
		}
		if r.State == to {
			out.Reservation = r
			out.Size, err = w.asOf(ctx, reference, kind)
			return nil, err
		}
		t, err := w.size.End(&r, to, model.Cause{Actor: c.Actor, At: w.now})
		out = Outcome{r, w.size}
		return &model.Entry{Size: w.size, Transaction: t, Reservation: &r}, err
	})
	return out, err
}

// ExpireReservations gives back the stock of reservations that were held for too long, of
// at most sizes sizes, and tells how many they were. A size that fails does not keep the
// others waiting; its error is returned at the end. Rule: PROD-005.
func (s *Service) ExpireReservations(ctx context.Context, sizes int) (expired int, err error) {
	overdue, err := s.store.OverdueSizes(ctx, s.clk.Now(), sizes)
	for _, size := range overdue {
		n, sizeErr := s.expireOn(ctx, size)
		expired, err = expired+n, errors.Join(err, sizeErr)
	}
	return expired, err
}

func (s *Service) expireOn(ctx context.Context, size id.UUID) (n int, err error) {
	err = s.store.LockSize(ctx, size, func(ctx context.Context, row Locked) (err error) {
		w := &work{Locked: row, now: s.clk.Now()}
		w.size, w.deleted = row.Size()
		n, err = w.expire(ctx)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
