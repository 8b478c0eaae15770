package service

import (
	"context"
	"slices"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
)

// Followed is how far the events of another service have had their effect. Rule: EVENT-001.
func (s *Service) Followed(ctx context.Context, source string, partition int32) (int64, error) {
	return s.store.Position(ctx, source, partition)
}

// CountSales counts what was sold for the products it was sold of, and notes with it that
// the events of source have had their effect up to seq. What had its effect before does
// not count again. A size nobody knows is passed over, and so is a day too long ago.
// Rules: PROD-004, EVENT-001.
func (s *Service) CountSales(ctx context.Context, source string, partition int32, seq int64, sales []model.Sale) error {
	first := model.FirstActivityDay(s.clk.Now())
	recent := slices.DeleteFunc(slices.Clone(sales), func(one model.Sale) bool { return one.At.Before(first) })
	return s.store.CountSales(ctx, source, partition, seq, recent)
}

// ForgetSales takes the days that are too long ago off the activity of at most limit
// products and tells how many those were. Several may do it at once. Rule: PROD-004.
func (s *Service) ForgetSales(ctx context.Context, limit int) (products int, err error) {
	return s.store.ForgetSales(ctx, model.FirstActivityDay(s.clk.Now()), limit)
}
