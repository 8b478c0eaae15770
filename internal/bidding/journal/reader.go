package journal

import (
	"fmt"
	"math"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// reader remembers the first thing that cannot be.
type reader struct{ err error }

// damage notes what cannot be, unless something was noted before; it is always false.
func (r *reader) damage(format string, args ...any) bool {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...)
	}
	return false
}

func (r *reader) uuid(b []byte) (u id.UUID) {
	if len(b) != len(u) {
		r.damage("an id of %d bytes", len(b))
		return u
	}
	copy(u[:], b)
	return u
}

// small reads one of the enumerations, which have a byte.
func small[T ~uint8](r *reader, v int64) T {
	if v < 0 || v > math.MaxUint8 {
		r.damage("%d is no enumeration", v)
		return 0
	}
	return T(v)
}
