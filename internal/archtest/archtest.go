// Package archtest keeps the house in order: which package may import which,
// where no float may be, whose table is whose, and that every rule has a test.
//
// Each check is a function over its inputs that returns the offences it found,
// one sentence each, so that a test can plant one and see it caught. Nothing but
// this package's tests calls them.
package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Module is the path of the repository's Go module.
const Module = "github.com/sneakers-marketplace/marketplace"

// Tree is the text of the repository's files by their path from its root.
type Tree map[string]string

// maxText is the size beyond which a file is data, not text to check.
const maxText = 4 << 20

// ReadTree reads every text file of a folder but .git and what its .gitignore names.
func ReadTree(dir fs.FS) (Tree, error) {
	ignored, err := ignores(dir)
	if err != nil {
		return nil, err
	}
	tree := Tree{}
	err = fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (name == ".git" || ignored(name)):
			return fs.SkipDir
		case !entry.Type().IsRegular() || ignored(name):
			return nil
		}
		if info, err := entry.Info(); err != nil || info.Size() > maxText {
			return err
		}
		text, err := fs.ReadFile(dir, name)
		if err == nil && utf8.Valid(text) {
			tree[name] = string(text)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the repository: %w", err)
	}
	return tree, nil
}

// ignores understands the two kinds of lines our .gitignore has: a path from the
// root that begins with a slash, and a pattern for a file's name.
func ignores(dir fs.FS) (func(name string) bool, error) {
	text, err := fs.ReadFile(dir, ".gitignore")
	if err != nil {
		return nil, fmt.Errorf("read the repository: %w", err)
	}
	lines := strings.Fields(string(text))
	return func(name string) bool {
		return slices.ContainsFunc(lines, func(line string) bool {
			if rooted, ok := strings.CutPrefix(line, "/"); ok {
				return name == strings.TrimSuffix(rooted, "/")
			}
			match, err := path.Match(line, path.Base(name))
			return err == nil && match
		})
	}, nil
}

// names returns the paths that keep accepts, in order.
func (t Tree) names(keep func(name string) bool) []string {
	var out []string
	for name := range t {
		if keep(name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// ours reports whether a file is of the repository's own making.
func ours(name string) bool { return !strings.HasPrefix(name, "third_party/") }

func withSuffix(suffix string) func(string) bool {
	return func(name string) bool { return ours(name) && strings.HasSuffix(name, suffix) }
}

var generatedLine = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// source is one parsed Go file.
type source struct {
	name string
	fset *token.FileSet
	file *ast.File
}

// at says where a node is.
func (s source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.name, s.fset.Position(n.Pos()).Line)
}

// written parses the Go files that people write; a file that does not parse is an offence.
func (t Tree) written() (sources []source, offences []string) {
	for _, name := range t.names(withSuffix(".go")) {
		if head := t[name]; generatedLine.MatchString(head[:min(len(head), 1024)]) {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, t[name], parser.SkipObjectResolution)
		if err != nil {
			offences = append(offences, err.Error())
			continue
		}
		sources = append(sources, source{name, fset, file})
	}
	return sources, offences
}
