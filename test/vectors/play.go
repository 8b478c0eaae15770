package main

import (
	"fmt"
	"reflect"
	"slices"
)

// market plays a scenario's steps; a book and a running marketplace are one each.
type market interface {
	// do carries a step out at its time and answers as its caller is answered.
	do(at int64, s step) (answer, error)
	// end reads the state after the last step.
	end(at int64) (final, error)
}

// play runs a scenario and returns every difference from what it expects.
func play(v vector, m market) (differences []string, err error) {
	var at int64
	for i, s := range v.Steps {
		if s.At != nil {
			at = *s.At
		}
		got, err := m.do(at, s)
		if err != nil {
			return nil, fmt.Errorf("%s: step %d (%s): %w", v.Name, i, s.Op, err)
		}
		if why := compare(s, got); why != "" {
			differences = append(differences, fmt.Sprintf("%s: step %d (%s %s): %s", v.Name, i, s.Op, s.Ref, why))
		}
	}
	got, err := m.end(at)
	if err != nil {
		return nil, fmt.Errorf("%s: end: %w", v.Name, err)
	}
	if want := v.Final; !reflect.DeepEqual(normal(want), normal(got)) {
		differences = append(differences, fmt.Sprintf("%s: end: want %+v, got %+v", v.Name, normal(want), normal(got)))
	}
	return differences, nil
}

// compare says how an answer differs from the one expected; blank when it does not.
func compare(s step, got answer) string {
	want := s.Expect
	want.Cancelled, got.Cancelled = sorted(want.Cancelled), sorted(got.Cancelled)
	switch {
	case want.Error != got.Error:
		return fmt.Sprintf("want error %q, got %q", want.Error, got.Error)
	case want.Error != "" && (want.Status == "rejected") != (got.Status == "rejected"):
		return fmt.Sprintf("want status %q, got %q", want.Status, got.Status)
	case want.Error != "":
		return ""
	case s.Op != "cancel_all" && (want.Status != got.Status || want.Open != got.Open):
		return fmt.Sprintf("want %s with %d open, got %s with %d", want.Status, want.Open, got.Status, got.Open)
	case s.Op == "place" && want.Reason != got.Reason:
		return fmt.Sprintf("want reason %q, got %q", want.Reason, got.Reason)
	case want.Kept != nil && (got.Kept == nil || *want.Kept != *got.Kept):
		return fmt.Sprintf("want kept=%v, got %v", *want.Kept, got.Kept)
	case !slices.Equal(want.Matches, got.Matches):
		return fmt.Sprintf("want matches %v, got %v", want.Matches, got.Matches)
	case !slices.Equal(want.Cancelled, got.Cancelled):
		return fmt.Sprintf("want cancelled %v, got %v", want.Cancelled, got.Cancelled)
	}
	return ""
}

func sorted(refs []string) []string { return slices.Sorted(slices.Values(refs)) }

// normal makes empty and absent lists the same.
func normal(f final) final {
	if f.Bids == nil {
		f.Bids = [][2]int64{}
	}
	if f.Asks == nil {
		f.Asks = [][2]int64{}
	}
	if f.Orders == nil {
		f.Orders = map[string]state{}
	}
	return f
}
