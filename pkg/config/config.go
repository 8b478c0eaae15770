// Package config reads a service's settings from variables into a typed struct and
// refuses what it does not understand: a wrong value, or a name nobody reads, stops
// the start with a sentence that names the variable, its value and what is allowed.
//
// A settings struct has `env` and `envDefault` tags (caarlos0/env), `doc` for people
// and `secret:"true"` where the value must never be printed.
package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Load reads T from src. Errors, all of them at once, name the variable, its value
// and what is allowed; afterwards Validate() of T and of its nested structs decides.
//
// With prefixes (a service's own, such as "BIDDING_") a variable that begins with one
// and that no field knows is an error naming the nearest known ones. A prefix also
// lets a shared variable be set for one service alone: BIDDING_DATABASE_URL replaces
// DATABASE_URL where the prefix is "BIDDING_".
func Load[T any](src Source, prefix ...string) (T, error) {
	var out T
	if msg, ok := src[broken]; ok {
		return out, &Error{Problems: []string{msg}}
	}
	fields := leaves(reflect.TypeFor[T](), "")
	vars, origin := override(src, fields, prefix)
	if problems := slices.Concat(unknown(src, fields, prefix), parse(&out, fields, vars, origin)); len(problems) > 0 {
		var zero T
		return zero, &Error{Problems: problems}
	}
	if problems := rename(validate(reflect.ValueOf(&out).Elem()), origin); len(problems) > 0 {
		var zero T
		return zero, &Error{Problems: problems}
	}
	return out, nil
}

// Error is everything that is wrong with the settings.
type Error struct {
	Problems []string // one sentence each, beginning with the variable
}

// Error returns the problems on one line.
func (e *Error) Error() string { return strings.Join(e.Problems, "; ") }

// Bad is the error of a Validate method: the variable, its value and what is allowed.
func Bad(name string, value any, allowed string) error {
	return fmt.Errorf("%s=%q: %s", name, fmt.Sprint(value), allowed)
}

// override returns src with the prefixed form of shared variables put in their place,
// and for each of those the name that was really set.
func override(src Source, fields []leaf, prefixes []string) (vars, origin map[string]string) {
	vars, origin = maps.Clone(src), map[string]string{}
	if vars == nil {
		vars = map[string]string{}
	}
	for _, f := range fields {
		for _, p := range prefixes {
			if value := src[p+f.name]; value != "" && !strings.HasPrefix(f.name, p) {
				vars[f.name], origin[f.name] = value, p+f.name
			}
		}
	}
	return vars, origin
}

func parse(out any, fields []leaf, vars, origin map[string]string) []string {
	whole := env.ParseWithOptions(out, env.Options{Environment: vars})
	if whole == nil {
		return nil
	}
	// The library names struct fields; people set variables. So each field is read
	// alone to learn which variables are wrong.
	var problems []string
	for _, f := range fields {
		if err := f.parse(vars); err != nil {
			name := f.name
			if o, ok := origin[name]; ok {
				name = o
			}
			problems = append(problems, f.problem(name, vars[f.name], err))
		}
	}
	if problems == nil {
		problems = []string{whole.Error()} // a wrong struct tag: the programmer's, not the user's
	}
	return problems
}

type validator interface{ Validate() error }

// validate calls Validate on the nested structs of v first and on v last; a promoted
// method says its sentence once.
func validate(v reflect.Value) []string {
	var problems []string
	if v.Kind() == reflect.Struct {
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				problems = append(problems, validate(v.Field(i))...)
			}
		}
	}
	if c, ok := v.Addr().Interface().(validator); ok {
		for _, p := range sentences(c.Validate()) {
			if !slices.Contains(problems, p) {
				problems = append(problems, p)
			}
		}
	}
	return problems
}

func sentences(err error) []string {
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return []string{err.Error()}
	}
	var out []string
	for _, e := range joined.Unwrap() {
		out = append(out, sentences(e)...)
	}
	return out
}

// rename puts the name that was really set where a Validate method, which cannot know
// of the prefix, wrote the shared one.
func rename(problems []string, origin map[string]string) []string {
	for i, p := range problems {
		for name, o := range origin {
			if strings.HasPrefix(p, name+"=") || strings.HasPrefix(p, name+":") || strings.HasPrefix(p, name+" ") {
				problems[i] = o + p[len(name):]
				break
			}
		}
	}
	return problems
}
