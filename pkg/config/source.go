package config

import (
	"fmt"
	"maps"
	"os"
	"strings"
)

// Source holds variables by name, as the process, a .env file or a test gives them.
type Source map[string]string

// broken is the key under which Environ keeps the complaint about an unreadable
// .env file. No variable can have a blank name, so Load finds nothing else there.
const broken = ""

// Environ returns the process's variables and those of a .env file in the working
// directory that the process does not set. An unreadable file is reported by Load,
// so that it stops the start like any other wrong setting.
func Environ() Source {
	src, err := Read(".env", os.Environ())
	if err != nil {
		src[broken] = err.Error()
	}
	return src
}

// Read returns the variables of environ ("KEY=VALUE" lines) and those of the file at
// path that environ does not set. A missing file is no error; the variables of
// environ are returned in any case.
func Read(path string, environ []string) (Source, error) {
	src := make(Source, len(environ))
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok && name != "" {
			src[name] = value
		}
	}
	text, err := os.ReadFile(path) //nolint:gosec // the caller names the file, not a client
	if os.IsNotExist(err) {
		return src, nil
	}
	if err != nil {
		return src, fmt.Errorf("read %s: %w", path, err)
	}
	file, err := ParseFile(string(text))
	if err != nil {
		return src, fmt.Errorf("%s: %w", path, err)
	}
	maps.Copy(file, src) // the process wins
	return file, nil
}

// With returns a copy of s in which the variables of over replace its own.
func (s Source) With(over Source) Source {
	out := make(Source, len(s)+len(over))
	maps.Copy(out, s)
	maps.Copy(out, over)
	return out
}
