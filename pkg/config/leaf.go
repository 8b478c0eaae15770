package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// leaf is one field of a settings struct that a variable fills.
type leaf struct {
	name   string // the variable
	field  reflect.StructField
	secret bool
}

// leaves lists the variables of t in the order of its fields.
func leaves(t reflect.Type, prefix string) []leaf {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var out []leaf
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("env"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case name != "":
			out = append(out, leaf{prefix + name, f, f.Tag.Get("secret") == "true"})
		default:
			out = append(out, leaves(f.Type, prefix+f.Tag.Get("envPrefix"))...)
		}
	}
	return out
}

// parse reads the one field by the rules of its own tags.
func (l leaf) parse(vars map[string]string) error {
	own, _, _ := strings.Cut(l.field.Tag.Get("env"), ",")
	one := reflect.StructOf([]reflect.StructField{{Name: "Value", Type: l.field.Type, Tag: l.field.Tag}})
	return env.ParseWithOptions(reflect.New(one).Interface(), env.Options{
		Environment: vars,
		Prefix:      strings.TrimSuffix(l.name, own),
	})
}

// problem says what is wrong with the value that name has.
func (l leaf) problem(name, value string, err error) string {
	if errors.Is(err, env.VarIsNotSetError{}) || errors.Is(err, env.EmptyVarError{}) {
		return fmt.Sprintf("%s is not set: %s", name, l.allowed(nil))
	}
	var parseErr env.ParseError
	cause := err
	if errors.As(err, &parseErr) {
		cause = parseErr.Err
	}
	if l.secret {
		return fmt.Sprintf("%s: %s", name, l.allowed(cause))
	}
	return fmt.Sprintf("%s=%q: %s", name, value, l.allowed(cause))
}

// allowed describes the values of the field's type. A type that reads itself from
// text describes itself through its error.
func (l leaf) allowed(cause error) string {
	t := l.field.Type
	if t == reflect.TypeFor[time.Duration]() {
		return "must be a duration such as 720h"
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) && cause != nil {
		return cause.Error()
	}
	switch t.Kind() { //nolint:exhaustive // other kinds have no settings, or their doc says it
	case reflect.Bool:
		return "must be true or false"
	case reflect.Int, reflect.Int64:
		return "must be a whole number"
	case reflect.Int8, reflect.Int16, reflect.Int32:
		limit := uint64(1) << (t.Bits() - 1)
		return fmt.Sprintf("must be a whole number from -%d to %d", limit, limit-1)
	case reflect.Uint, reflect.Uint64:
		return "must be a whole number, 0 or more"
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return fmt.Sprintf("must be a whole number from 0 to %d", uint64(1)<<t.Bits()-1)
	case reflect.Slice:
		return "must be a list separated by commas"
	}
	if doc := l.field.Tag.Get("doc"); doc != "" {
		return "must be " + doc
	}
	return "must be a " + t.String()
}
