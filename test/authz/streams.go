package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// streams opens imports, ends what allowed them and goes on sending: one import that
// sends all the time, and one that is silent until all must know.
func (p *proof) streams(ctx context.Context, m *measured) error {
	logout := func(ctx context.Context, editor *caller) error {
		return only(p.user.Logout(editor.call(ctx), &userv1.LogoutRequest{}))
	}
	demote := func(ctx context.Context, editor *caller) error { return p.setRoles(ctx, editor) }
	g, ctx := errgroup.WithContext(ctx)
	for _, each := range []struct {
		what  string
		end   func(context.Context, *caller) error
		code  codes.Code
		every time.Duration
	}{
		{"ImportProducts, sending, after Logout", logout, codes.Unauthenticated, 10 * time.Millisecond},
		{"ImportProducts, silent, after Logout", logout, codes.Unauthenticated, within},
		{"ImportProducts, sending, after SetRoles", demote, codes.PermissionDenied, 10 * time.Millisecond},
		{"ImportProducts, silent, after SetRoles", demote, codes.PermissionDenied, within},
	} {
		g.Go(func() error {
			s, err := p.openImport(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", each.what, err)
			}
			if err := each.end(ctx, s.editor); err != nil {
				return fmt.Errorf("%s: %w", each.what, err)
			}
			return p.cutOff(ctx, m, each.what, each.code, each.every, s)
		})
	}
	return g.Wait()
}

// stream is an import in progress.
type stream struct {
	editor *caller
	send   func(*productv1.ImportProductsRequest) error
	finish func() (*productv1.ImportProductsResponse, error)
	sku    string // of its row
}

func (p *proof) openImport(ctx context.Context) (stream, error) {
	editor, err := p.join(ctx, "editor", "catalog")
	if err != nil {
		return stream{}, err
	}
	open, err := p.product.ImportProducts(editor.call(ctx))
	if err != nil {
		return stream{}, fmt.Errorf("open an import: %w", err)
	}
	s := stream{editor, open.Send, open.CloseAndRecv, fmt.Sprint("CUT-", p.count.Add(1))}
	return s, s.send(importRow(s.sku))
}

// cutOff sends until the stream is refused, and sees that nothing of it was done.
func (p *proof) cutOff(ctx context.Context, m *measured, what string, code codes.Code, every time.Duration, s stream) error {
	since := clock.Monotonic()
	var sent error
	for sent == nil && clock.Since(since) < giveUp {
		if err := wait(ctx, every); err != nil {
			return err
		}
		sent = s.send(importRow(s.sku))
		if every >= within {
			break // one message, and the end, which must be refused
		}
	}
	lag := clock.Since(since)
	if sent != nil && !errors.Is(sent, io.EOF) {
		return fmt.Errorf("%s: send: %w", what, sent)
	}
	_, err := s.finish()
	switch {
	case status.Code(err) != code:
		m.miss(what, "product", code.String(), status.Convert(err).String())
	case every < within && lag > within:
		m.miss(what, "product", "the end within "+within.String(), lag.String())
	case every < within:
		m.add(lag)
	}
	_, err = p.product.GetProduct(p.root.call(ctx), &productv1.GetProductRequest{Key: &productv1.GetProductRequest_Sku{Sku: s.sku}})
	if status.Code(err) != codes.NotFound {
		m.miss(what, "product", "that nothing of it is done", "a product: "+status.Code(err).String())
	}
	return ctx.Err()
}
