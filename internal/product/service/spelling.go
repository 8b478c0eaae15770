package service

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
)

const (
	maxCorrections = 4 // queries tried for one that finds nothing
	maxPieces      = 6 // words looked up; a longer query is not a name
	minHalf        = 2 // letters on each side of a blank that was forgotten
)

// piece is one word of a query as it was typed, and what it may have meant.
type piece struct {
	text  string
	known bool   // products have it, or it is the beginning of a word they have
	near  string // the likeliest other word; blank = none
}

func joined(texts []string) string { return strings.Join(texts, " ") }

var (
	hasDigit = regexp.MustCompile(`[0-9]`)
	numbered = regexp.MustCompile(`^([^0-9]{3,})([0-9]+)$`) // jordan4, but not dd1391
)

// spell looks every word of a query up. A word with digits is right or wrong and stays as
// it is, but for a name with a number behind it, which is parted.
func (s *Service) spell(ctx context.Context, words []model.Word) ([]piece, error) {
	var pieces []piece
	looked := 0
	for i, w := range words {
		for j, text := range apart(w) {
			if hasDigit.MatchString(text) || utf8.RuneCountInString(text) < 2 {
				pieces = append(pieces, piece{text: text})
				continue
			}
			if looked++; looked > maxPieces {
				return nil, nil
			}
			typing := i == len(words)-1 && j == len(apart(w))-1
			p, err := s.lookUp(ctx, text, typing)
			if err != nil {
				return nil, err
			}
			pieces = append(pieces, p)
		}
	}
	return pieces, nil
}

// apart cuts a word at its punctuation, and a name from the number behind it; a style code stays whole.
func apart(w model.Word) []string {
	if len(w.Parts) > 1 {
		if hasDigit.MatchString(w.Joined()) {
			return []string{strings.Join(w.Parts, "-")}
		}
		return w.Parts
	}
	if m := numbered.FindStringSubmatch(w.Parts[0]); m != nil {
		return m[1:]
	}
	return w.Parts
}

func (s *Service) lookUp(ctx context.Context, text string, typing bool) (piece, error) {
	terms, err := s.store.Near(ctx, text)
	if err != nil {
		return piece{}, err
	}
	p := nearest(text, terms, typing)
	if p.known || p.near != "" {
		return p, nil
	}
	p.near, err = s.halves(ctx, text)
	return p, err
}

// nearest finds the fewest slips away from text the term that most products have. A word
// that is still being typed is compared with the beginnings of terms too.
func nearest(text string, terms []model.Term, typing bool) piece {
	p, word := piece{text: text}, []rune(text)
	limit, best := slips(len(word)), model.Term{}
	least := limit + 1
	for _, t := range terms {
		p.known = p.known || t.Text == text || typing && strings.HasPrefix(t.Text, text)
		d := distance(word, []rune(t.Text), limit)
		if d > 0 && (d < least || d == least && d <= limit && before(t, best)) {
			least, best = d, t
		}
	}
	if least > limit && typing && !p.known && len(word) >= 4 {
		least, best = nearestBeginning(word, terms, limit)
	}
	if least <= limit {
		p.near = best.Text
	}
	return p
}

// nearestBeginning is nearest for the beginnings of terms, cut to the length of word.
func nearestBeginning(word []rune, terms []model.Term, limit int) (least int, best model.Term) {
	least = limit + 1
	for _, t := range terms {
		term := []rune(t.Text)
		if len(term) <= len(word) {
			continue
		}
		if d := distance(word, term[:len(word)], limit); d < least || d == least && d <= limit && before(t, best) {
			least, best = d, t
		}
	}
	return least, best
}

// before orders terms that are equally near.
func before(a, b model.Term) bool {
	if a.Products != b.Products {
		return a.Products > b.Products
	}
	return a.Text < b.Text
}

// halves finds the two words that text is when a blank was forgotten; blank = there are none.
func (s *Service) halves(ctx context.Context, text string) (string, error) {
	letters := []rune(text)
	var sides []string
	for i := minHalf; i <= len(letters)-minHalf; i++ {
		sides = append(sides, string(letters[:i]), string(letters[i:]))
	}
	if len(sides) == 0 {
		return "", nil
	}
	terms, err := s.store.Terms(ctx, sides)
	if err != nil {
		return "", err
	}
	products := make(map[string]int64, len(terms))
	for _, t := range terms {
		products[t.Text] = t.Products
	}
	best, most := "", int64(0)
	for i := 0; i < len(sides); i += 2 {
		if rarer := min(products[sides[i]], products[sides[i+1]]); rarer > most {
			best, most = sides[i]+" "+sides[i+1], rarer
		}
	}
	return best, nil
}
