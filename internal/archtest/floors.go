package archtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// Package is a Go package and what its non-test files import.
type Package struct {
	ImportPath string
	Imports    []string
}

// List asks the go command for every package below a folder.
func List(ctx context.Context, dir string) ([]Package, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.String())
	}
	var all []Package
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		all = append(all, p)
	}
}

// The floors, from the ground up.
const (
	ground  = iota // pkg/*, migrations: what everything stands on
	words          // a service's vocabulary and pure parts
	deeds          // its use cases
	ways           // its ways in and out: gRPC, SQL, other services
	houses         // the service as a whole; the tools beside it
	streets        // programs, which know several services
	trials         // what only tests use
)

// services that stand. A new one is entered here before its first package compiles.
var services = []string{"user", "product", "bidding"}

// rooms of a service, and the floor each is on.
var rooms = map[string]int{
	"model": words, "book": words, "journal": words, "ledger": words,
	"service": deeds, "engine": deeds, "dropcopy": deeds,
	"repository": ways, "handler": ways, "consumer": ways, "peer": ways, "cluster": ways, "provider": ways, "channel": ways,
}

// beside are the packages of internal that belong to no service.
var beside = map[string]int{
	"app": streets, "lab": streets, "gateway": houses, "catalogue": houses, "fsck": houses, "replay": houses, "seed": houses, "story": houses,
	"testkit": trials, "archtest": trials,
}

// basics are the packages a vocabulary may use: values without any machinery.
var basics = []string{"pkg/money", "pkg/errs", "pkg/id"}

// place is where a package stands.
type place struct {
	path    string // from the module's root
	floor   int
	service string // or tool; blank: of neither
	room    string // of the service; blank: the service's root
}

// locate finds a package's place. Errors: a folder the house has no place for.
func locate(path string) (place, error) {
	p := place{path: path}
	part := strings.Split(path, "/")
	switch part[0] {
	case "pkg", "migrations":
		return p, nil
	case "cmd", "bench", "test":
		p.floor = streets
		return p, nil
	case "internal":
		if len(part) > 1 {
			return p.inside(part[1:])
		}
	}
	return p, fmt.Errorf("%s: the house has no such folder", path)
}

func (p place) inside(part []string) (place, error) {
	if floor, ok := beside[part[0]]; ok {
		p.floor, p.service = floor, part[0]
		return p, nil
	}
	if !slices.Contains(services, part[0]) {
		return p, fmt.Errorf("%s: %q is neither a service nor a tool the house knows", p.path, part[0])
	}
	p.service, p.floor = part[0], houses
	if len(part) > 1 {
		floor, ok := rooms[part[1]]
		if !ok {
			return p, fmt.Errorf("%s: a service has no room %q", p.path, part[1])
		}
		p.floor, p.room = floor, part[1]
	}
	return p, nil
}

// Floors checks that every import points to a lower floor.
//
// Two imports stay on their floor. A book, journal or ledger uses its service's
// model, because the model is the vocabulary they are written in: it imports none
// of them, so nothing can go round in a circle. A service uses its engine, which
// is the use case that had to be a package of its own to have a single writer.
func Floors(all []Package) []string {
	var offences []string
	for _, p := range all {
		from, err := locate(local(p.ImportPath))
		if err != nil {
			offences = append(offences, err.Error())
			continue
		}
		for _, path := range p.Imports {
			if why := from.refuses(path); why != "" {
				offences = append(offences, fmt.Sprintf("%s must not import %s: %s", from.path, local(path), why))
			}
		}
	}
	return offences
}

func local(path string) string { return strings.TrimPrefix(path, Module+"/") }

// refuses says why a package must not import a path; blank when it may.
func (p place) refuses(path string) string {
	if !strings.HasPrefix(path, Module+"/") {
		return p.refusesOutside(path)
	}
	to, err := locate(local(path))
	switch {
	case err != nil:
		return "it is in no known place"
	case to.floor == trials && p.floor != trials:
		return "only tests use it"
	case p.floor == trials:
		return ""
	case to.floor == ground:
		return p.refusesGround(to)
	case p.floor == ground:
		return "pkg knows nothing of what stands on it"
	case p.floor == streets:
		return p.refusesBelow(to)
	case p.service != to.service:
		return "services and tools meet through gRPC or events only"
	case p.room == to.room || p.floor > to.floor:
		return ""
	case p.floor == words && to.room == "model", p.room == "service" && to.room == "engine":
		return ""
	}
	return "imports point to a lower floor"
}

// refusesBelow keeps programs out of the services' rooms. A benchmark may measure any
// of them, and a proof may compare a service with its own pure parts.
func (p place) refusesBelow(to place) string {
	measures, proves := strings.HasPrefix(p.path, "bench"), strings.HasPrefix(p.path, "test/")
	switch {
	case to.path == "internal/lab" && !measures && !proves:
		return "only proofs and benchmarks use it"
	case to.path == "bench/naive" && (measures || proves):
		return "" // the exchange to compare with is measured, and proven to trade by the same rules
	case to.floor == streets && to.path != "internal/app" && to.path != "internal/lab":
		return "programs do not import each other"
	case to.room != "" && !measures && (!proves || to.floor != words):
		return "programs use a service as a whole"
	}
	return ""
}

// refusesGround keeps words free of machinery and deeds free of SQL.
func (p place) refusesGround(to place) string {
	own := p.service + "/" + p.room
	switch {
	case p.floor == ground && to.path == "migrations":
		return "pkg knows nothing of the schema"
	case p.floor == words && own == "bidding/journal" && to.path == "pkg/proto/journal/v1":
		return ""
	case p.floor == words && !slices.Contains(basics, to.path):
		return "a vocabulary uses " + strings.Join(basics, ", ") + " alone"
	case p.floor == deeds && (to.path == "pkg/database" || strings.HasPrefix(to.path, "pkg/proto") || to.path == "pkg/rpc"):
		return "a use case knows neither SQL nor gRPC"
	}
	return ""
}

// machinery are the libraries of floor 3.
var machinery = []string{"github.com/jackc/pgx", "github.com/redis/", "google.golang.org/grpc", "database/sql", "net/http"}

// refusesOutside keeps words on the standard library and deeds free of machinery.
func (p place) refusesOutside(path string) string {
	third := strings.Contains(strings.Split(path, "/")[0], ".")
	packs := p.room == "journal" && strings.HasPrefix(path, "google.golang.org/protobuf")
	tool := func(prefix string) bool { return strings.HasPrefix(path, prefix) }
	switch {
	case p.floor == words && third && !packs:
		return "a vocabulary needs the standard library alone"
	case p.floor == words && (path == "context" || path == "os" || tool("net/http") || tool("database/")):
		return "a vocabulary does nothing that could wait or fail outside"
	case p.floor == deeds && slices.ContainsFunc(machinery, tool):
		return "a use case knows neither SQL nor gRPC"
	}
	return ""
}
