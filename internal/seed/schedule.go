package seed

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sort"
	"time"
)

const (
	shiftsADay     = 2
	momentsOfShift = 3                // a few minutes apart, so that an access token lives for all of them
	lastShift      = 40 * time.Minute // before the present
	slot           = day / shiftsADay
	busyDays       = 3 // the last days are busier
	busyTimes      = 3 // by so much
)

// occasion is why something happens in a market, in the order of one moment.
type occasion uint8

const (
	quoting occasion = iota // bids and asks are brought up to what the market has
	selling                 // somebody takes the best
	tending                 // somebody changes his mind
)

// happening is an occasion in a market.
type happening struct {
	spot int
	why  occasion
}

// timeline returns the moments of a demo, oldest first, since it began. They are
// uneven, but the same for every present.
func timeline(r *rand.Rand, days int) []time.Duration {
	var out []time.Duration
	for n := range days * shiftsADay {
		first := time.Duration(n)*slot + time.Duration(r.IntN(int((slot-time.Hour)/time.Second)))*time.Second
		if n == days*shiftsADay-1 {
			first = time.Duration(days)*day - lastShift
		}
		for i := range momentsOfShift {
			out = append(out, first+time.Duration(i*240+r.IntN(150))*time.Second)
		}
	}
	return out
}

// schedule says what happens in which market at each moment.
func (p *planner) schedule() [][]happening {
	s := &scheduler{planner: p, r: chance(chanceOfMoments), at: make([][]happening, len(p.moments))}
	s.markets()
	s.sales()
	s.quotes()
	s.tends()
	for _, list := range s.at {
		slices.SortStableFunc(list, func(a, b happening) int {
			return cmp.Or(cmp.Compare(a.spot, b.spot), cmp.Compare(a.why, b.why))
		})
	}
	return s.at
}

type scheduler struct {
	*planner
	r     *rand.Rand
	at    [][]happening // by moment
	first []int         // by market: the moment of its first sale
	live  []int         // markets with a book
	reach []int         // running sums of how often live markets trade
}

// How often each side of a book is given one more level.
const (
	quotedBetween = 2
	quotedLate    = 3
)

const bookedAway = 2 // sizes up to so far from the most wanted one have a book

// markets decides which markets have a book, and how often each trades.
func (s *scheduler) markets() {
	sum := 0
	for i, m := range s.spots {
		shoe := &s.shoes[m.shoe]
		away := shoe.sizes[m.size].away
		if away > bookedAway+min(shoe.wanted/400, 1) {
			continue
		}
		sum += 1 + shoe.wanted*6/(2+3*away)
		s.live, s.reach = append(s.live, i), append(s.reach, sum)
	}
	s.first = make([]int, len(s.spots))
	for i := range s.first {
		s.first[i] = len(s.moments)
	}
}

// pick returns a market, those that trade often more often.
func (s *scheduler) pick() int {
	n := s.r.IntN(s.reach[len(s.reach)-1])
	return s.live[sort.SearchInts(s.reach, n+1)]
}

func (s *scheduler) add(moment, spot int, why occasion) {
	s.at[moment] = append(s.at[moment], happening{spot, why})
}

// sales spreads the sales over markets and moments. The last days are busier, and
// what trades most has a sale in each of the last moments.
func (s *scheduler) sales() {
	all := len(s.moments)
	busy := min(busyDays*shiftsADay*momentsOfShift, all)
	for n := range s.scale.Sales {
		moment := s.r.IntN(all + busy*(busyTimes-1))
		if moment >= all {
			moment = all - 1 - (moment-all)%busy
		}
		spot := s.pick()
		if n < momentsOfShift {
			moment, spot = all-1-n%all, s.hottest()
		}
		s.add(moment, spot, selling)
		s.first[spot] = min(s.first[spot], moment)
	}
}

// hottest is the market that trades most.
func (s *scheduler) hottest() int {
	best, most := 0, 0
	for i := range s.live {
		share := s.reach[i]
		if i > 0 {
			share -= s.reach[i-1]
		}
		if share > most {
			best, most = i, share
		}
	}
	return s.live[best]
}

// quotes fill the books: before the first sale, now and then, and towards the end
// once more so that every market is live.
func (s *scheduler) quotes() {
	all := len(s.moments)
	late := max(all/8, 1)
	for _, spot := range s.live {
		opens := s.r.IntN(all)
		if s.first[spot] < all {
			opens = s.r.IntN(s.first[spot] + 1)
		}
		s.add(opens, spot, quoting)
		for range quotedBetween {
			s.add(opens+s.r.IntN(all-opens), spot, quoting)
		}
		for range quotedLate {
			s.add(all-1-s.r.IntN(late), spot, quoting)
		}
	}
}

// tends let owners cancel and change what rests.
func (s *scheduler) tends() {
	for range s.scale.Sales/2 + len(s.live)/4 {
		s.add(s.r.IntN(len(s.moments)), s.pick(), tending)
	}
}
