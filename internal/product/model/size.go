package model

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// System is how a size is counted.
type System string

// The systems (PROD-003).
const (
	USMen         System = "US_M"
	USWomen       System = "US_W"
	USGradeSchool System = "US_GS"
	EU            System = "EU"
	UK            System = "UK"
	CM            System = "CM"
)

// Systems returns every system there is, in the order in which a product's sizes are shown.
func Systems() []System { return []System{USMen, USWomen, USGradeSchool, EU, UK, CM} }

// Size is one size of a product; its id is also its market's (PROD-003).
type Size struct {
	ID        id.UUID
	ProductID id.UUID
	Label     string // within its system, such as "10.5"
	System    System
	SortKey   int32 // sixths of a size; orders the labels of a system, equal for two spellings of one size
	Stock     Stock
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64 // grows by one with each stock change
}

// Offer is a size with what its market needs to know of the product (MKT-002).
type Offer struct {
	Size    Size
	Product Product // without images and sizes
}

const (
	whole = 6 // sixths: the smallest step that holds both halves and thirds
	half  = 3
	third = 2
)

// sizeRange is what labels a system allows, in sixths.
type sizeRange struct {
	from, to int32
	steps    []int32
	suffixes string
	allowed  string
}

var ranges = map[System]sizeRange{
	USMen:         {1 * whole, 20 * whole, []int32{half}, "", "must be 1 to 20 in halves, such as 10.5"},
	USWomen:       {1 * whole, 20 * whole, []int32{half}, "W", "must be 1 to 20 in halves, such as 8.5 or 8.5W"},
	USGradeSchool: {0, 20 * whole, []int32{half}, "YC", "must be 0 to 20 in halves, such as 5, 5.5Y or 10C"},
	UK:            {1 * whole, 20 * whole, []int32{half}, "", "must be 1 to 20 in halves, such as 9.5"},
	EU:            {15 * whole, 55 * whole, []int32{half, third}, "", "must be 15 to 55 in halves or thirds, such as 42.5 or 42 2/3"},
	CM:            {5 * whole, 40 * whole, []int32{half}, "", "must be 5 to 40 in halves, such as 28.5"},
}

var (
	labelForm = regexp.MustCompile(`^([0-9]{1,2})(\.0|\.5| 1/2| 1/3| 2/3)?([A-Z]?)$`)
	spelling  = strings.NewReplacer(",", ".", "½", ".5", "⅓", " 1/3", "⅔", " 2/3")
)

// childFirst lifts youth and plain labels above children's ones: 13C is smaller than 1Y.
const childFirst = 100 * whole

// Normalize trims the label, gives it its one spelling ("10.0" is "10") and finds its place in the order.
// Errors: InvalidArgument naming system or label. Rule: PROD-003.
func (s *Size) Normalize() error {
	s.System = orElse(s.System, USMen)
	r, ok := ranges[s.System]
	if !ok {
		return errs.Invalid("system", "must be US_M, US_W, US_GS, EU, UK or CM")
	}
	label, sixths, suffix, ok := parseLabel(s.Label)
	fits := slices.ContainsFunc(r.steps, func(step int32) bool { return sixths%step == 0 })
	if !ok || !fits || sixths < r.from || sixths > r.to || !strings.Contains(r.suffixes, suffix) {
		return errs.Invalid("label", r.allowed)
	}
	s.Label, s.SortKey = label, sixths
	if suffix != "C" {
		s.SortKey += childFirst
	}
	return nil
}

// parseLabel reads "10", "10.5", "42 2/3" or "5.5y" into its one spelling and its size in sixths.
func parseLabel(text string) (label string, sixths int32, suffix string, ok bool) {
	text = spelling.Replace(strings.ToUpper(strings.TrimSpace(text)))
	m := labelForm.FindStringSubmatch(text)
	if m == nil {
		return "", 0, "", false
	}
	label = orElse(strings.TrimLeft(m[1], "0"), "0")
	for _, digit := range m[1] {
		sixths = sixths*10 + (digit-'0')*whole
	}
	switch m[2] {
	case ".5", " 1/2":
		label, sixths = label+".5", sixths+half
	case " 1/3":
		label, sixths = label+m[2], sixths+third
	case " 2/3":
		label, sixths = label+m[2], sixths+2*third
	}
	return label + m[3], sixths, m[3], true
}
