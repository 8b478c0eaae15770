package journal

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// unpacker reads a message of journal.v1 field by field, as the generated code would but
// without building it first: whoever follows the journal reads all of it. Fields it does not
// know are passed over. The first thing that cannot be ends it, and stays in err.
type unpacker struct {
	reader
	buf  []byte
	seen uint32 // the fields that came, a bit each
}

// field is one field of a message: a number, or bytes.
type field struct {
	number int32
	kind   protowire.Type
	value  uint64
	bytes  []byte
}

// next returns the field that comes next, false at the end or when there is none to be read.
func (u *unpacker) next() (f field, ok bool) {
	if len(u.buf) == 0 || u.err != nil {
		return f, false
	}
	number, kind, n := protowire.ConsumeTag(u.buf)
	if n < 0 {
		return f, u.damage("%w", protowire.ParseError(n))
	}
	f.number, f.kind, u.buf = int32(number), kind, u.buf[n:]
	switch kind {
	case protowire.VarintType:
		f.value, n = protowire.ConsumeVarint(u.buf)
	case protowire.Fixed64Type:
		f.value, n = protowire.ConsumeFixed64(u.buf)
	case protowire.BytesType:
		f.bytes, n = protowire.ConsumeBytes(u.buf)
	default:
		n = protowire.ConsumeFieldValue(number, kind, u.buf)
	}
	if n < 0 {
		return f, u.damage("%w", protowire.ParseError(n))
	}
	u.buf = u.buf[n:]
	if f.number < 32 {
		u.seen |= 1 << f.number
	}
	return f, true
}

func (u *unpacker) number(f field) int64 {
	if f.kind != protowire.VarintType {
		u.damage("field %d is no number", f.number)
	}
	return int64(f.value) //nolint:gosec // the same bits
}

func (u *unpacker) fixed(f field) uint64 {
	if f.kind != protowire.Fixed64Type {
		u.damage("field %d does not have 8 bytes", f.number)
	}
	return f.value
}

// message returns the bytes of a message within the message.
func (u *unpacker) message(f field) []byte {
	if f.kind != protowire.BytesType {
		u.damage("field %d has no bytes", f.number)
	}
	return f.bytes
}

func (u *unpacker) text(f field) string {
	if f.kind != protowire.BytesType || !utf8.Valid(f.bytes) {
		u.damage("field %d is no text", f.number)
		return ""
	}
	return string(f.bytes)
}

func (u *unpacker) uuid(f field) id.UUID { return u.reader.uuid(u.message(f)) }

// needs makes a message damaged that lacks one of the fields, below 32, that are never left out.
func (u *unpacker) needs(numbers ...int32) {
	for _, n := range numbers {
		if u.seen&(1<<n) == 0 {
			u.damage("field %d is missing", n)
		}
	}
}

// count reads a quantity; like there, what does not fit is cut off.
func count[T ~int32](u *unpacker, f field) T { return T(u.number(f)) } //nolint:gosec // as the generated code does
