package rpc

import (
	"sync"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// memory remembers verified tokens for up to a minute, never beyond their end, so that
// a busy client's signature is checked once and not on every call. Two generations of
// bounded size: the older is dropped when the newer is full or a minute old.
type memory[T any] struct {
	verify func(token string) (*T, time.Time, error) // what it says and until when
	clk    clock.Clock

	mu         sync.RWMutex
	young, old map[string]verified[T]
	turned     time.Time // when young began
}

type verified[T any] struct {
	says  *T
	until time.Time
}

const (
	tokenLife       = time.Minute
	tokenGeneration = 8192 // tokens
)

func newMemory[T any](clk clock.Clock, verify func(string) (*T, time.Time, error)) *memory[T] {
	return &memory[T]{verify: verify, clk: clk, young: map[string]verified[T]{}, turned: clk.Now()}
}

// of returns what a token says; the result is shared and must not be changed.
// Errors: those of verify.
func (m *memory[T]) of(token string) (*T, error) {
	now := m.clk.Now()
	m.mu.RLock()
	v, ok := m.young[token]
	if !ok {
		v, ok = m.old[token]
	}
	m.mu.RUnlock()
	if ok && now.Before(v.until) {
		return v.says, nil
	}
	says, until, err := m.verify(token)
	if err != nil {
		return nil, err
	}
	m.remember(token, verified[T]{says, earlier(until, now.Add(tokenLife))}, now)
	return says, nil
}

func (m *memory[T]) remember(token string, v verified[T], now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.young) >= tokenGeneration || now.Sub(m.turned) >= tokenLife {
		m.old, m.young, m.turned = m.young, make(map[string]verified[T], len(m.young)), now
	}
	m.young[token] = v
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
