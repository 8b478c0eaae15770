package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is one planted mistake.
type mutant struct {
	area, name string
	rule       string  // of docs/rules.md, which it breaks
	file       string  // from the module's root
	from, to   string  // from stands in the file exactly once
	tests      []suite // which must notice, tried in this order
}

// suite is some tests of a package.
type suite struct {
	pkg string // from the module's root
	run string // go test's -run; blank: the whole package

	// draws says that the tests draw random cases with rapid, which must then neither
	// look for the smallest case that fails nor keep it in the tree.
	draws bool
}

// flags are what the suite's program is told beside the time it has.
func (s suite) flags() []string {
	flags := []string{"-test.count=1", "-test.run=" + s.run}
	if s.draws {
		flags = append(flags, "-rapid.shrinktime=0s", "-rapid.nofailfile")
	}
	return flags
}

func (s suite) String() string {
	if s.run == "" {
		return s.pkg
	}
	return s.pkg + " -run " + s.run
}

// all returns every mutant there is.
func all() []mutant {
	var out []mutant
	for _, a := range []struct {
		name    string
		mutants []mutant
	}{{"book", bookMutants()}, {"engine", engineMutants()}, {"auth", authMutants()}, {"news", newsMutants()}, {"stock", stockMutants()}, {"linear", linearMutants()}} {
		for _, m := range a.mutants {
			m.area = a.name
			out = append(out, m)
		}
	}
	return out
}

// selection says which mutants are planted.
type selection struct {
	name  string // of the only one; blank: not that
	share int    // every so many of them
	turn  int    // which share
}

// of picks from mutants. Each of share turns that follow each other picks others, and
// together they pick all. Errors: an unknown name; a share below one.
func (s selection) of(from []mutant) ([]mutant, error) {
	if s.share < 1 || s.turn < 0 {
		return nil, errors.New("-share must be at least 1 and -turn at least 0")
	}
	if s.name != "" {
		i := slices.IndexFunc(from, func(m mutant) bool { return m.name == s.name })
		if i < 0 {
			return nil, fmt.Errorf("no mutant is called %q; -list lists them", s.name)
		}
		return from[i : i+1], nil
	}
	var picked []mutant
	for i := s.turn % s.share; i < len(from); i += s.share {
		picked = append(picked, from[i])
	}
	return picked, nil
}

// mutate returns the mutant's file with its mistake in it. Errors: a text that does
// not stand there exactly once, because the code has moved on without its mutant.
func (m mutant) mutate(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, m.file)) //nolint:gosec // a file of our own tables
	if err != nil {
		return "", fmt.Errorf("does not apply: %w", err)
	}
	if n := strings.Count(string(text), m.from); n != 1 {
		return "", fmt.Errorf("does not apply: its text is %d times in %s, not once", n, m.file)
	}
	return strings.Replace(string(text), m.from, m.to, 1), nil
}

// moduleRoot finds the folder of go.mod from where the command was started.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find go.mod: %w", err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", errors.New("no go.mod here or above")
		}
	}
}
