package seed

import "strings"

// The known accounts of the demo. The owner is made by the operator; the others register.
const (
	Owner  = "owner@sneakers.example"
	Seller = "seller@sneakers.example"
	Buyer1 = "anna@sneakers.example"
	Buyer2 = "ben@sneakers.example"
)

const domain = "@sneakers.example"

// persona is somebody of the demo who trades.
type persona struct {
	email, first, last string
	sells              bool
}

// crew returns the sellers, then the buyers, the known ones of each first.
func crew(s Scale) []persona {
	all := []persona{{Seller, "Sam", "Seller", true}}
	for _, n := range sellerNames[:s.Sellers-1] {
		all = append(all, newPersona(n, true))
	}
	all = append(all, persona{Buyer1, "Anna", "Buyer", false}, persona{Buyer2, "Ben", "Buyer", false})
	for _, n := range buyerNames[:s.Buyers-2] {
		all = append(all, newPersona(n, false))
	}
	return all
}

func newPersona(n name, sells bool) persona {
	return persona{strings.ToLower(n.first) + domain, n.first, n.last, sells}
}

// shift are those who trade for a quarter of an hour: some of those who have
// joined, by turns. Few at a time, because each has to renew his access first.
type shift struct{ sellers, buyers []int } // in people

const (
	sellersOnShift = 2
	buyersOnShift  = 3
)

// shiftOf is the nth of so many shifts. The first begins with the known accounts;
// everybody has joined by a third of them.
func shiftOf(s Scale, nth, all int) shift {
	return shift{
		sellers: turn(0, joined(s.Sellers, 1, nth, all), sellersOnShift, nth),
		buyers:  turn(s.Sellers, joined(s.Buyers, 2, nth, all), buyersOnShift, nth),
	}
}

func joined(all, first, nth, shifts int) int {
	return min(all, first+(all-first)*3*(nth+1)/shifts)
}

func turn(from, joined, wanted, nth int) []int {
	var out []int
	for i := range min(wanted, joined) {
		out = append(out, from+(nth*wanted+i)%joined)
	}
	return out
}

// arrivals are all people in the order in which they join: a seller and a buyer by turns.
func arrivals(s Scale) []int {
	var out []int
	for i := range max(s.Sellers, s.Buyers) {
		if i < s.Sellers {
			out = append(out, i)
		}
		if i < s.Buyers {
			out = append(out, s.Sellers+i)
		}
	}
	return out
}
