// Package service is what can be done with the catalogue and the stock: PROD-001..007.
package service

import (
	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// System is the actor of changes nobody asked for.
const System = "system"

// Caller is who asks.
type Caller struct {
	Actor   string // an account's id or a service's name; blank for a stranger
	Editor  bool   // sees drafts and hidden products
	Service bool   // another service asks, for itself or for the actor
}

func (c Caller) sees(p model.Product) bool { return c.Editor || p.Status == model.Active }

// Service carries out the use cases of catalogue and stock. Safe for concurrent use.
type Service struct {
	store Store
	clk   clock.Clock
}

// New returns a service on store that takes its time from clk.
func New(store Store, clk clock.Clock) *Service { return &Service{store, clk} }
