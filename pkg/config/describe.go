package config

import (
	"reflect"
	"strings"
)

// Variable describes one setting, for .env.example and the documentation.
type Variable struct {
	Name     string
	Default  string
	Doc      string
	Secret   bool // never printed
	Required bool // the start is refused without it
}

// Describe lists the variables of a settings struct (or a pointer to one) in the
// order of its fields.
func Describe(v any) []Variable {
	var out []Variable
	for _, l := range leaves(reflect.TypeOf(v), "") {
		_, options, _ := strings.Cut(l.field.Tag.Get("env"), ",")
		out = append(out, Variable{
			Name:     l.name,
			Default:  l.field.Tag.Get("envDefault"),
			Doc:      l.field.Tag.Get("doc"),
			Secret:   l.secret,
			Required: strings.Contains(options, "required") || strings.Contains(options, "notEmpty"),
		})
	}
	return out
}
