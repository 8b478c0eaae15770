package seed

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// shoe is a product of the demo.
type shoe struct {
	sku, name, brand, model, category, colorway, gender, released string
	retail                                                        int64 // cents
	worth                                                         int64 // what it traded at when it began, percent of retail
	wanted                                                        int   // how often it trades, beside the others
	system                                                        string
	sizes                                                         []size
}

// size is one of a shoe's sizes, a market of its own.
type size struct {
	label  string
	stock  int32 // items the platform holds
	away   int   // labels from the most wanted one
	factor int64 // of the shoe's price, per mille
}

// Streams of chance: each part of the plan has one of its own, so that a change
// of one leaves the others as they are.
const (
	chanceOfShoes = iota + 1
	chanceOfWalks
	chanceOfMoments
	chanceOfTrade
)

const chanceSeed = 20_260_801 // fixed: the demo is the same everywhere

func chance(stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(chanceSeed, stream)) //nolint:gosec // a demo is to be foreseeable
}

// shoes returns the first n shoes of the demo; a larger catalogue begins with the
// smaller one. All are older than the demo's trade, which begins on a day.
func shoes(n int, begin time.Time) []shoe {
	r := chance(chanceOfShoes)
	all := make([]shoe, n)
	for i := range all {
		all[i] = newShoe(r, i, begin)
	}
	return all
}

func newShoe(r *rand.Rand, i int, begin time.Time) shoe {
	at, round := i%len(lines), i/len(lines)
	l := lines[at]
	look := paints[(at*5+round*13)%len(paints)]
	s := shoe{
		sku: code(r, makers[l.maker].code, i), name: l.model + " " + look.nickname, brand: makers[l.maker].name, model: l.model,
		category: l.category, colorway: look.colors, gender: l.gender, retail: l.retail * dollar,
		released: begin.AddDate(0, 0, -1-r.IntN(1500)).Format(time.DateOnly),
	}
	labels := mens
	switch round % 5 {
	case 1:
		labels, s.gender, s.name = womens, "women", s.name+" (Women's)"
	case 3:
		labels, s.gender, s.name, s.retail = grade, "youth", s.name+" (GS)", s.retail*7/10/dollar*dollar
	}
	// Every so often one is hot; the rest trade ever more rarely.
	s.wanted = 1 + 4000/(3+r.IntN(200))
	s.worth = 80 + int64(r.IntN(60)) + int64(min(s.wanted, 400))/3
	s.system, s.sizes = labels.system, sizesOf(r, labels)
	return s
}

// code fills in a style code: four digits that no other shoe has, the rest by chance.
func code(r *rand.Rand, shape string, i int) string {
	own := fmt.Sprintf("%04d", (i*7919+1013)%10_000)
	var b strings.Builder
	for _, c := range shape {
		switch {
		case c == '#' && own != "":
			b.WriteByte(own[0])
			own = own[1:]
		case c == '#':
			b.WriteByte(byte('0' + r.IntN(10))) //nolint:gosec // a digit
		case c == '@':
			b.WriteByte("ABCDEFGHJKLMNPRSTUVWXYZ"[r.IntN(23)])
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// sizesOf picks 6 to 12 neighbouring labels. The middle one is wanted most and
// costs least; the ends are rare.
func sizesOf(r *rand.Rand, from run) []size {
	n := 6 + r.IntN(len(from.labels)-5)
	first := r.IntN(len(from.labels) - n + 1)
	out := make([]size, n)
	for i := range out {
		away := max(i-n/2, n/2-i)
		out[i] = size{
			label: from.labels[first+i], stock: int32(r.IntN(4)), //nolint:gosec // 0 to 3
			away: away, factor: 990 + int64(away*away)*4 + int64(r.IntN(20)),
		}
	}
	return out
}
