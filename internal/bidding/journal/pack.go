package journal

import (
	"errors"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

var errText = errors.New("journal: text that is not UTF-8")

// packer writes messages of journal.v1 field by field, as the generated code would but
// without building them first: an exchange writes its journal before every answer. Like
// there, what is zero is left out.
type packer struct {
	buf []byte
	err error // the first thing that could not be read back
}

func (p *packer) number(field protowire.Number, v int64) {
	if v != 0 {
		p.buf = protowire.AppendTag(p.buf, field, protowire.VarintType)
		p.buf = protowire.AppendVarint(p.buf, uint64(v)) //nolint:gosec // the same bits
	}
}

func (p *packer) flag(field protowire.Number, v bool) {
	if v {
		p.number(field, 1)
	}
}

func (p *packer) fixed(field protowire.Number, v uint64) {
	if v != 0 {
		p.buf = protowire.AppendTag(p.buf, field, protowire.Fixed64Type)
		p.buf = protowire.AppendFixed64(p.buf, v)
	}
}

func (p *packer) text(field protowire.Number, v string) {
	if v != "" {
		if !utf8.ValidString(v) {
			p.err = errText
		}
		p.buf = protowire.AppendTag(p.buf, field, protowire.BytesType)
		p.buf = protowire.AppendString(p.buf, v)
	}
}

// uuid writes an id; an id is never left out.
func (p *packer) uuid(field protowire.Number, v [16]byte) {
	p.buf = protowire.AppendTag(p.buf, field, protowire.BytesType)
	p.buf = append(p.buf, byte(len(v)))
	p.buf = append(p.buf, v[:]...)
}

// open starts a message within the message; close ends it with what open returned.
func (p *packer) open(field protowire.Number) (start int) {
	p.buf = protowire.AppendTag(p.buf, field, protowire.BytesType)
	p.buf = append(p.buf, 0) // its length, when that fits into a byte
	return len(p.buf)
}

func (p *packer) close(start int) {
	n := len(p.buf) - start
	if extra := protowire.SizeVarint(uint64(n)) - 1; extra > 0 { //nolint:gosec // a length
		p.buf = append(p.buf, make([]byte, extra)...)
		copy(p.buf[start+extra:], p.buf[start:start+n])
	}
	protowire.AppendVarint(p.buf[:start-1], uint64(n)) //nolint:gosec // a length
}
