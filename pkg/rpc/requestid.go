package rpc

import (
	"context"
	"encoding/hex"
	"strconv"
	"sync/atomic"

	"google.golang.org/grpc/metadata"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

const maxRequestID = 64 // bytes

// requestIDs makes ids that are unique among processes: a random beginning per server
// and a count.
type requestIDs struct {
	prefix string
	count  atomic.Uint64
}

func newRequestIDs() *requestIDs {
	u := id.New()
	return &requestIDs{prefix: hex.EncodeToString(u[8:]) + "-"} // the random half of a UUIDv7
}

func (r *requestIDs) next() string {
	var buf [40]byte
	b := append(buf[:0], r.prefix...)
	return string(strconv.AppendUint(b, r.count.Add(1), 36))
}

// of returns the id the client sent when it can be used as it is, else a fresh one.
func (r *requestIDs) of(ctx context.Context) string {
	if v := metadata.ValueFromIncomingContext(ctx, headerRequestID); len(v) == 1 && usable(v[0]) {
		return v[0]
	}
	return r.next()
}

// usable accepts 1 to 64 printable ASCII characters: anything else could forge log lines.
func usable(s string) bool {
	if s == "" || len(s) > maxRequestID {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
