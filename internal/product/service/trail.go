package service

import (
	"context"
	"math"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/page"
)

// trailToken is what a page token of an audit trail says.
type trailToken struct {
	Size id.UUID `json:"z"`
	Seq  int64   `json:"s"`
}

// Trail reads a page of a size's audit trail, newest first, and the token of the next page,
// blank after the last. The trail of a deleted product's size can still be read.
// Errors: model.ErrSizeNotFound, InvalidArgument naming page_token. Rule: PROD-006.
func (s *Service) Trail(
	ctx context.Context, size id.UUID, requested int32, text string,
) (lines []model.Transaction, next string, err error) {
	before := trailToken{size, math.MaxInt64}
	if _, err := page.Decode(text, &before); err != nil {
		return nil, "", err
	}
	if before.Size != size {
		return nil, "", errs.Invalid("page_token", "must be a next_page_token from the same list")
	}
	limit := page.Size(requested)
	lines, err = s.store.Transactions(ctx, size, before.Seq, limit+1)
	if err != nil || len(lines) <= limit {
		return lines, "", err
	}
	return lines[:limit], page.Encode(trailToken{size, lines[limit-1].Seq}), nil
}
