package repository

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
)

const (
	// alike are the words that begin with the same letter, between two bounds.
	alike = `SELECT term, products::bigint FROM product_terms
		WHERE products > 0 AND term >= $1 AND term < $2 ORDER BY products DESC LIMIT 1000`
	// akin are the words that have the most groups of letters in common.
	akin = `SELECT term, products::bigint FROM product_terms WHERE products > 0 ORDER BY term <-> $1 LIMIT 64`

	known = `SELECT term, products::bigint FROM product_terms WHERE products > 0 AND term = ANY($1)`
)

// Near implements service.Catalogue. Without pg_trgm, or without its index, a word whose
// first letter is wrong is not found.
func (s *Store) Near(ctx context.Context, word string) ([]model.Term, error) {
	var trigrams bool
	err := s.pool.QueryRow(ctx, "SELECT to_regclass('product_terms_trgm_idx') IS NOT NULL").Scan(&trigrams)
	if err != nil {
		return nil, fmt.Errorf("words like %q: %w", word, err)
	}
	first := []rune(word)[0]
	terms, err := s.terms(ctx, alike, string(first), string(first+1))
	if err != nil || !trigrams {
		return terms, err
	}
	more, err := s.terms(ctx, akin, word)
	return append(terms, more...), err
}

// Terms implements service.Catalogue.
func (s *Store) Terms(ctx context.Context, words []string) ([]model.Term, error) {
	return s.terms(ctx, known, words)
}

func (s *Store) terms(ctx context.Context, sql string, args ...any) ([]model.Term, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("words of the catalogue: %w", err)
	}
	terms, err := pgx.CollectRows(rows, pgx.RowToStructByPos[model.Term])
	if err != nil {
		return nil, fmt.Errorf("words of the catalogue: %w", err)
	}
	return terms, nil
}
