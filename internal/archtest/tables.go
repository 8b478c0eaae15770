package archtest

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// homes says which service a migration's tables belong to, by the word in its name.
var homes = map[string]string{"users": "user", "products": "product", "bidding": "bidding"}

var (
	migrationName = regexp.MustCompile(`^migrations/\d{6}_([a-z]+)\w*\.(up|down)\.sql$`)
	createdTable  = regexp.MustCompile(`(?i)\bCREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?([a-z_0-9]+)`)
	foreignKey    = regexp.MustCompile(`(?i)\bREFERENCES\s+([a-z_0-9]+)`)
)

// Owners reads the migrations and says which service owns each table. A migration
// whose name does not say a service, and a table that two create, are offences.
func Owners(t Tree) (owners map[string]string, offences []string) {
	owners = map[string]string{}
	for _, name := range t.migrations() {
		home := homeOf(name)
		if home == "" {
			offences = append(offences, name+": its name does not say which service it belongs to")
			continue
		}
		for _, m := range createdTable.FindAllStringSubmatch(codeOf(t[name]), -1) {
			if other := owners[m[1]]; other != "" {
				offences = append(offences, fmt.Sprintf("%s: table %s is there already, of the %s service", name, m[1], other))
			}
			owners[m[1]] = home
		}
	}
	return owners, offences
}

func (t Tree) migrations() []string {
	return t.names(func(name string) bool { return path.Dir(name) == "migrations" && strings.HasSuffix(name, ".sql") })
}

func homeOf(migration string) string {
	m := migrationName.FindStringSubmatch(migration)
	if m == nil {
		return ""
	}
	return homes[m[1]]
}

// Ownership checks that every table is touched by its own service alone: in
// migrations, in queries, in the SQL inside a service's Go files (its tests too)
// and nowhere in pkg; and that no foreign key crosses services.
func Ownership(t Tree) []string {
	owners, offences := Owners(t)
	look := func(at, service, sql string) {
		for _, table := range tablesIn(sql, owners) {
			if owners[table] != service {
				offences = append(offences, fmt.Sprintf("%s: table %s is the %s service's", at, table, owners[table]))
			}
		}
	}
	for _, name := range t.migrations() {
		look(name, homeOf(name), t[name])
		offences = append(offences, foreignKeys(name, t[name], owners)...)
	}
	for _, name := range t.names(withSuffix(".sql")) {
		if service, ok := keeperOf(name); ok {
			look(name, service, t[name])
		}
	}
	sources, broken := t.written()
	for _, s := range sources {
		service, ok := keeperOf(s.name)
		if !ok {
			continue
		}
		for _, q := range s.queries() {
			look(q.at, service, q.text)
		}
	}
	return append(offences, broken...)
}

func foreignKeys(name, sql string, owners map[string]string) []string {
	var offences []string
	for _, m := range foreignKey.FindAllStringSubmatch(codeOf(sql), -1) {
		if owners[m[1]] != homeOf(name) {
			offences = append(offences, fmt.Sprintf("%s: a foreign key to %s leaves the %s service", name, m[1], homeOf(name)))
		}
	}
	return offences
}

// keeperOf returns the service a file speaks SQL for: blank for pkg, which owns no
// table; false for programs, tools and their tests, which may look anywhere.
func keeperOf(name string) (service string, ok bool) {
	if strings.HasPrefix(name, "pkg/") {
		return "", !strings.HasSuffix(name, "_test.go")
	}
	rest, inside := strings.CutPrefix(name, "internal/")
	service, _, _ = strings.Cut(rest, "/")
	for _, s := range services {
		if inside && s == service {
			return s, true
		}
	}
	return "", false
}
