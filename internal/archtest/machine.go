package archtest

import (
	"fmt"
	"regexp"
	"strings"
)

// homeless are the beginnings of paths on somebody's own machine. They are put
// together here so that this file does not hold one.
var homeless = []string{"work", "root", "home", "Users", "mnt"}

var (
	machinePath = regexp.MustCompile(`(?:^|[^\w./~*-])/(?:` + strings.Join(homeless, "|") + `)/[\w.-]{2}`)
	lockedHost  = regexp.MustCompile(`"resolved": "(https?://[^/"]+)`)
	ownHost     = regexp.MustCompile(`(?i)(?:GOPROXY|npm_config_registry|PIP_INDEX_URL|registry)\s*[:=]\s*["']?(https?://[^\s"',]+)`)
)

// Machine finds what is true on one machine only: absolute paths of its people,
// and addresses of its package registries.
func Machine(t Tree) []string {
	var offences []string
	for _, name := range t.names(ours) {
		for i, line := range strings.Split(t[name], "\n") {
			if what := foreign(line); what != "" {
				offences = append(offences, fmt.Sprintf("%s:%d: %s", name, i+1, what))
			}
		}
	}
	return offences
}

func foreign(line string) string {
	if !strings.Contains(line, "/") {
		return "" // most lines; expressions take their time
	}
	if found := machinePath.FindString(line); found != "" {
		return fmt.Sprintf("%q is a path of somebody's machine", strings.TrimSpace(found))
	}
	if !strings.Contains(line, "://") {
		return ""
	}
	for _, where := range []*regexp.Regexp{lockedHost, ownHost} {
		if m := where.FindStringSubmatch(line); m != nil {
			return m[1] + " is a registry; which one to ask is each machine's own setting"
		}
	}
	return ""
}
