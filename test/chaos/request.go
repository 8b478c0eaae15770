package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// requests takes what a client of PostgreSQL sends apart: several messages, up to the one
// after which the client waits for an answer, are a request.
type requests struct {
	from    *bufio.Reader
	commits map[string]bool // by name of a prepared statement: it writes the exchange's journal
	begun   bool            // the connection's first message, which has no type, is through
}

// request is what a client sends before it waits.
type request struct {
	bytes  []byte
	commit bool // it makes a batch of the exchange durable
}

// fence is called by nothing but the commit of a batch.
var fence = []byte("bidding_fence(")

// longest is more than any message; a longer one is none of PostgreSQL's.
const longest = 1 << 28

func newRequests(from io.Reader) *requests {
	return &requests{from: bufio.NewReader(from), commits: make(map[string]bool)}
}

// next reads a request. Errors: of the connection, io.EOF at its end.
func (r *requests) next() (request, error) {
	var q request
	for {
		kind, body, err := r.message(&q)
		if err != nil {
			return q, err
		}
		switch kind {
		case 'P':
			name, text, _ := bytes.Cut(body, []byte{0})
			r.commits[string(name)] = bytes.Contains(text, fence)
		case 'B':
			_, rest, _ := bytes.Cut(body, []byte{0})
			name, _, _ := bytes.Cut(rest, []byte{0})
			q.commit = q.commit || r.commits[string(name)]
		case 'D', 'E', 'C':
		default:
			return q, nil
		}
	}
}

// message reads one and adds its bytes to the request.
func (r *requests) message(q *request) (kind byte, body []byte, err error) {
	head := make([]byte, 5)
	if !r.begun {
		r.begun, head = true, head[1:]
	}
	if _, err := io.ReadFull(r.from, head); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(head[len(head)-4:])
	if size < 4 || size > longest {
		return 0, nil, fmt.Errorf("a message of %d bytes is none of postgresql's", size)
	}
	body = make([]byte, size-4)
	if _, err := io.ReadFull(r.from, body); err != nil {
		return 0, nil, err
	}
	if len(head) == 5 {
		kind = head[0]
	}
	q.bytes = append(append(q.bytes, head...), body...)
	return kind, body, nil
}
