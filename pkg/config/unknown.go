package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// foreign are variables of other programs that happen to begin like ours.
var foreign = []string{
	"USER_ZDOTDIR", // set by an editor's terminal
}

// unknown complains about each variable that begins with one of the prefixes and that
// no field reads: most often a misspelling that would otherwise do nothing, silently.
func unknown(src Source, fields []leaf, prefixes []string) []string {
	var problems []string
	for name := range src {
		for _, p := range prefixes {
			if !strings.HasPrefix(name, p) || slices.Contains(foreign, name) || knows(fields, p, name) {
				continue
			}
			problems = append(problems, name+": unknown variable"+suggest(name, fields, p))
			break
		}
	}
	slices.Sort(problems)
	return problems
}

func knows(fields []leaf, prefix, name string) bool {
	return slices.ContainsFunc(fields, func(f leaf) bool {
		return f.name == name || prefix+f.name == name && !strings.HasPrefix(f.name, prefix)
	})
}

// suggest names up to three known variables that are nearest to the unknown one.
func suggest(name string, fields []leaf, prefix string) string {
	type near struct {
		name string
		far  int
	}
	var all []near
	for _, f := range fields {
		known := f.name
		if !strings.HasPrefix(known, prefix) {
			known = prefix + known
		}
		all = append(all, near{known, distance(name, known)})
	}
	slices.SortStableFunc(all, func(a, b near) int { return cmp.Compare(a.far, b.far) })
	var names []string
	for _, n := range all {
		if len(names) < 3 && n.far <= max(3, len(name)/3) {
			names = append(names, n.name)
		}
	}
	if names == nil {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", strings.Join(names, " or "))
}

// distance is the number of single-letter changes between a and b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
