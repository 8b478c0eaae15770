package main

import (
	"fmt"
	"slices"
)

// shown is how many findings are written out.
const shown = 20

// findings are the differences between what clients were told and what is there.
type findings struct {
	losses   int // acknowledged, and not there as acknowledged
	phantoms int // there, and nobody asked for it, or more of it than was asked for
	first    []string
}

func (f *findings) lost(format string, args ...any) {
	f.losses++
	f.note("lost:    "+format, args)
}

func (f *findings) phantom(format string, args ...any) {
	f.phantoms++
	f.note("phantom: "+format, args)
}

func (f *findings) note(format string, args []any) {
	if len(f.first) < shown {
		f.first = append(f.first, fmt.Sprintf(format, args...))
	}
}

// plus is both together.
func (f findings) plus(g findings) findings {
	first := slices.Concat(f.first, g.first)
	return findings{f.losses + g.losses, f.phantoms + g.phantoms, first[:min(shown, len(first))]}
}

func (f findings) clean() bool { return f.losses+f.phantoms == 0 }
