package archtest

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	codeBlock    = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	heading      = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// Links finds links of our documents that lead nowhere: to a file or folder that is
// not there, or to a heading its document does not have. Addresses of other sites
// are not asked.
func Links(t Tree) []string {
	var offences []string
	for _, name := range t.names(withSuffix(".md")) {
		for _, m := range markdownLink.FindAllStringSubmatch(codeBlock.ReplaceAllString(t[name], ""), -1) {
			if why := t.broken(name, m[1]); why != "" {
				offences = append(offences, fmt.Sprintf("%s: link %s: %s", name, m[1], why))
			}
		}
	}
	return offences
}

// broken says why a link leads nowhere; blank when it leads somewhere.
func (t Tree) broken(from, link string) string {
	if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
		return ""
	}
	file, anchor, _ := strings.Cut(link, "#")
	target := from
	if file != "" {
		target = path.Join(path.Dir(from), file)
	}
	text, isFile := t[target]
	switch {
	case !isFile && !t.folder(target):
		return "no such file"
	case anchor != "" && !hasHeading(text, anchor):
		return "no such heading"
	}
	return ""
}

func (t Tree) folder(name string) bool {
	for file := range t {
		if strings.HasPrefix(file, name+"/") {
			return true
		}
	}
	return false
}

func hasHeading(text, anchor string) bool {
	for _, m := range heading.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
		if slug(m[1]) == anchor {
			return true
		}
	}
	return false
}

// slug is the anchor of a heading, as forges make it.
func slug(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, title)
}
