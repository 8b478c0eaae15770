package config

import (
	"fmt"
	"strings"
)

// ParseFile reads the text of a .env file: one KEY=VALUE per line, blank lines and
// # comments, an optional "export " in front. A value in single quotes is taken as it
// is; in double quotes \n, \t, \" and \\ are understood; a bare value ends at " #".
// Errors name the line.
func ParseFile(text string) (Source, error) {
	src := Source{}
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		src[name] = value
	}
	return src, nil
}

func parseLine(line string) (name, value string, err error) {
	if rest, ok := strings.CutPrefix(line, "export "); ok {
		line = strings.TrimSpace(rest)
	}
	name, raw, ok := strings.Cut(line, "=")
	name = strings.TrimSpace(name)
	if !ok || !validName(name) {
		return "", "", fmt.Errorf("%q: must be NAME=VALUE", clip(name))
	}
	value, err = parseValue(strings.TrimSpace(raw))
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", name, err)
	}
	return name, value, nil
}

func parseValue(raw string) (string, error) {
	if raw == "" {
		return "", nil
	}
	switch raw[0] {
	case '\'':
		value, rest, ok := strings.Cut(raw[1:], "'")
		if !ok {
			return "", fmt.Errorf("the closing ' is missing")
		}
		return value, onlyComment(rest)
	case '"':
		return parseDoubleQuoted(raw[1:])
	case '#':
		return "", nil
	}
	for i := 1; i < len(raw); i++ {
		if raw[i] == '#' && (raw[i-1] == ' ' || raw[i-1] == '\t') {
			return strings.TrimSpace(raw[:i]), nil
		}
	}
	return raw, nil
}

var escapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '"': '"', '\\': '\\', '$': '$'}

func parseDoubleQuoted(raw string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; c {
		case '"':
			return out.String(), onlyComment(raw[i+1:])
		case '\\':
			i++
			if i == len(raw) {
				return "", fmt.Errorf("the closing \" is missing")
			}
			if e, ok := escapes[raw[i]]; ok {
				out.WriteByte(e)
				continue
			}
			return "", fmt.Errorf(`\%c is no escape; use \n, \t, \r, \$, \" or \\`, raw[i])
		default:
			out.WriteByte(c)
		}
	}
	return "", fmt.Errorf("the closing \" is missing")
}

func onlyComment(rest string) error {
	if rest = strings.TrimSpace(rest); rest != "" && rest[0] != '#' {
		return fmt.Errorf("text after the closing quote")
	}
	return nil
}

func validName(name string) bool {
	for i, c := range name {
		letter := c == '_' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// clip keeps a message to one short line; what is cut may be half a secret anyway.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}
