package service

import (
	"context"
	"slices"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/page"
)

// SearchProducts finds the products that have every word of the query in SKU, name, brand,
// model or colorway; the last word may be the beginning of one. When there are none, it
// searches for what the query may have meant, says so in Page.Corrected and stays with it
// on the pages that follow.
// Errors: InvalidArgument naming the field, model.ErrStatusHidden. Rule: PROD-004.
func (s *Service) SearchProducts(ctx context.Context, c Caller, r Request) (Page, error) {
	l, err := searching(c, &r)
	if err != nil {
		return Page{}, err
	}
	t := token{List: fingerprint(l)}
	from, err := resume(r.Token, t.List)
	if err != nil {
		return Page{}, err
	}
	l.After, l.Limit = from.cursor(), page.Size(r.Size)+1 // one more tells whether there is a next page
	found, corrected, err := s.search(ctx, l, from)
	if err != nil {
		return Page{}, err
	}
	t.Query = corrected
	p := cut(found.Products, found.Cursors, l.Limit-1, t)
	p.Total, p.Facets, p.Corrected = found.Summary.Total, found.Summary.Facets, corrected
	return p, nil
}

// search reads the page behind from, nil for the first one. corrected is what it searched
// for instead of the query, if it had to.
func (s *Service) search(ctx context.Context, l model.List, from *token) (found Survey, corrected string, err error) {
	if from != nil {
		if corrected = from.Query; corrected != "" {
			l.Words = Words(corrected)
		}
		found, err = s.store.Survey(ctx, l, false)
		return found, corrected, err
	}
	found, err = s.store.Survey(ctx, l, true)
	if err != nil || found.Summary.Total > 0 {
		return found, "", err
	}
	return s.respelled(ctx, l)
}

// MaxSuggestions is how many products SuggestProducts lists at most, defaultSuggestions unless told.
const (
	MaxSuggestions     = 20
	defaultSuggestions = 8
)

// SuggestProducts finds the products somebody may be typing the name or SKU of, the best
// first; at most limit, 0 means 8. Without a letter or digit there are none.
// Errors: InvalidArgument naming prefix. Rule: PROD-004.
func (s *Service) SuggestProducts(ctx context.Context, prefix string, limit int32) ([]model.Product, error) {
	if err := model.Line("prefix", &prefix, 200); err != nil {
		return nil, err
	}
	l := model.List{Words: Words(prefix), Sort: model.Relevance, Filters: model.Filters{Status: model.Active}}
	if len(l.Words) == 0 {
		return nil, nil
	}
	if l.Limit = defaultSuggestions; limit > 0 {
		l.Limit = min(int(limit), MaxSuggestions)
	}
	products, _, err := s.store.Page(ctx, l)
	if err != nil || len(products) > 0 {
		return products, err
	}
	found, _, err := s.respelled(ctx, l)
	return found.Products, err
}

// searching checks the query and makes the list of it.
func searching(c Caller, r *Request) (model.List, error) {
	if err := model.Line("query", &r.Query, 200); err != nil {
		return model.List{}, err
	}
	words := Words(r.Query)
	if len(words) == 0 {
		return model.List{}, errs.Invalid("query", "must have a letter or a digit")
	}
	return prepare(c, *r, model.List{Words: words, Phrase: r.Query, Sort: model.Relevance})
}

// respelled searches for what the words may have meant, the likeliest first, until something is found.
func (s *Service) respelled(ctx context.Context, l model.List) (Survey, string, error) {
	queries, err := s.corrections(ctx, l.Words)
	if err != nil {
		return Survey{}, "", err
	}
	for _, query := range queries {
		l.Words = Words(query)
		found, err := s.store.Survey(ctx, l, true)
		if err != nil || found.Summary.Total > 0 {
			return found, query, err
		}
	}
	return Survey{}, "", nil
}

// corrections lists at most maxCorrections queries that the words may have meant. First
// every word that no product has is replaced; then one word more, from the last on.
func (s *Service) corrections(ctx context.Context, words []model.Word) ([]string, error) {
	pieces, err := s.spell(ctx, words)
	if err != nil {
		return nil, err
	}
	typed, base := make([]string, len(pieces)), make([]string, len(pieces))
	for i, p := range pieces {
		typed[i], base[i] = p.text, p.text
		if !p.known && p.near != "" {
			base[i] = p.near
		}
	}
	var queries []string
	if !slices.Equal(typed, base) || len(pieces) > len(words) {
		queries = append(queries, joined(base))
	}
	for i, p := range slices.Backward(pieces) {
		if p.known && p.near != "" && len(queries) < maxCorrections {
			other := slices.Clone(base)
			other[i] = p.near
			queries = append(queries, joined(other))
		}
	}
	return queries, nil
}
