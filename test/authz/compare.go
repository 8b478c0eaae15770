package main

import (
	"cmp"
	"errors"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// finding is one thing that is not as it must be.
type finding struct {
	what     string // the method, or the scene
	who      string
	expected string
	got      string
}

func (f finding) String() string {
	return "FAIL " + f.what + ": " + f.who + ": expected " + f.expected + ", got " + f.got
}

// unlisted compares the rows with what each server serves, both ways, and with the
// requests that this program can make.
func unlisted(rows []row, served map[string][]string, calls map[string]ask) []finding {
	var found []finding
	listed := map[string]bool{}
	for _, r := range rows {
		listed[r.server+" "+r.method] = true
		if !slices.Contains(served[r.server], r.method) {
			found = append(found, finding{r.name(), "the table", "a method that is served", "a row too many"})
		} else if calls[r.call()] == nil {
			found = append(found, finding{r.name(), "this program", "a request to try it with", "none"})
		}
	}
	for server, methods := range served {
		for _, m := range methods {
			if !listed[server+" "+m] {
				found = append(found, finding{server + " " + m, "the table", "a row", "none"})
			}
		}
	}
	slices.SortFunc(found, func(a, b finding) int { return cmp.Compare(a.what, b.what) })
	return found
}

// judge compares what each caller was answered with what the table says.
func judge(r row, got map[string]error) []finding {
	var found []finding
	for _, column := range columns {
		err, asked := got[column]
		if answer := verdictOf(err); !asked {
			found = append(found, finding{r.name(), column, r.verdict[column], "no answer: nobody asked"})
		} else if answer != r.verdict[column] {
			found = append(found, finding{r.name(), column, r.verdict[column], answer})
		}
	}
	return found
}

// errUnprepared says that there was nothing to ask for; it is no verdict.
type errUnprepared struct{ error }

func (e errUnprepared) Unwrap() error { return e.error }

// errLeak says that an answer holds what is not the caller's.
var errLeak = errors.New("it holds what is somebody else's, or lacks what is his own")

// verdictOf puts an answer into the table's words. A refusal of any other kind is told
// as it is, so that it equals no verdict: that somebody may call a method is shown by a
// call that succeeds.
func verdictOf(err error) string {
	var unprepared errUnprepared
	switch {
	case err == nil:
		return allow
	case errors.As(err, &unprepared):
		return "nothing to try it with: " + run.OneLine(err)
	case errors.Is(err, errLeak):
		return run.OneLine(err)
	}
	switch status.Code(err) { //nolint:exhaustive // the rest is told as it is
	case codes.Unauthenticated:
		return unauthenticated
	case codes.PermissionDenied:
		return denied
	case codes.NotFound:
		return notfound
	}
	return run.OneLine(err)
}
