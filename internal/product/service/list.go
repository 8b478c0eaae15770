package service

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/page"
)

// Request is one page of the catalogue that somebody wants to see.
type Request struct {
	Query   string // words to search for; blank only for ListProducts
	Filters model.Filters
	Sort    model.Sort // blank: newest first, or by relevance when searching
	Size    int32      // products on the page; 0 = 20, at most 100
	Token   string     // Page.Next of the page before; blank = the first page
}

// Page is a page of products with their primary images, without sizes.
type Page struct {
	Products []model.Product
	Next     string // token of the next page; blank = this is the last one
	// What follows only a search has.
	Total     int64        // over all pages
	Facets    model.Facets // over all pages; with the first page alone
	Corrected string       // what was searched for instead of the query; blank = the query
}

// token is what a page token says: where to go on, and in which list.
type token struct {
	List  uint64  `json:"l"`
	Key   int64   `json:"k"`
	ID    id.UUID `json:"i"`
	Query string  `json:"q,omitempty"` // Page.Corrected, so that every page is of one search
}

// maxKey bounds the sort keys a token may bring, so that a forged one cannot reach past what a date can be.
const maxKey = 1 << 53

// ListProducts pages through the catalogue; a product added meanwhile neither repeats nor hides another.
// Errors: InvalidArgument naming the field, model.ErrStatusHidden. Rules: PROD-001, PROD-004.
func (s *Service) ListProducts(ctx context.Context, c Caller, r Request) (Page, error) {
	if r.Sort == model.Relevance {
		return Page{}, errs.Invalid("sort", "must not be RELEVANCE without a query")
	}
	l, err := prepare(c, r, model.List{Sort: model.Newest})
	if err != nil {
		return Page{}, err
	}
	name := fingerprint(l)
	t, err := resume(r.Token, name)
	if err != nil {
		return Page{}, err
	}
	l.After, l.Limit = t.cursor(), page.Size(r.Size)+1 // one more tells whether there is a next page
	products, cursors, err := s.store.Page(ctx, l)
	if err != nil {
		return Page{}, err
	}
	return cut(products, cursors, l.Limit-1, token{List: name}), nil
}

// prepare lays the request's sort and filters over l and leaves in it what the caller may see.
func prepare(c Caller, r Request, l model.List) (model.List, error) {
	if r.Sort != "" {
		l.Sort = r.Sort
	}
	l.Filters = r.Filters
	if err := l.Filters.Normalize(); err != nil {
		return model.List{}, err
	}
	if c.Editor {
		return l, nil
	}
	if l.Filters.Status != "" && l.Filters.Status != model.Active {
		return model.List{}, model.ErrStatusHidden
	}
	l.Filters.Status = model.Active
	return l, nil
}

// cut takes off what was read beyond size and makes the token of the next page from t.
func cut(products []model.Product, cursors []model.Cursor, size int, t token) Page {
	if len(products) <= size {
		return Page{Products: products}
	}
	t.Key, t.ID = cursors[size-1].Key, cursors[size-1].ID
	return Page{Products: products[:size], Next: page.Encode(t)}
}

// fingerprint tells lists apart: a token goes on in the list it came from alone.
func fingerprint(l model.List) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%q %s %+v", l.Phrase, l.Sort, l.Filters) // a hash never fails
	return h.Sum64()
}

// resume reads the token of a page of list; nil means the first page.
func resume(text string, list uint64) (*token, error) {
	var t token
	if ok, err := page.Decode(text, &t); err != nil || !ok {
		return nil, err
	}
	if t.List != list || t.Key < 0 || t.Key > maxKey {
		return nil, errs.Invalid("page_token", "must be a next_page_token from the same list")
	}
	return &t, nil
}

func (t *token) cursor() *model.Cursor {
	if t == nil {
		return nil
	}
	return &model.Cursor{Key: t.Key, ID: t.ID}
}
