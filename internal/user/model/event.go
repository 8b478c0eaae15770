package model

import "github.com/sneakers-marketplace/marketplace/pkg/id"

// Event is something that other services are told: a SessionsEnded, RolesChanged or BanChanged.
type Event interface{ event() }

// SessionsEnded says that sessions ended before their time (USER-006).
type SessionsEnded struct {
	UserID   id.UUID
	Sessions []id.UUID
	Reason   EndReason
}

// RolesChanged says what roles an account has now (USER-009).
type RolesChanged struct {
	UserID id.UUID
	Roles  []Role
}

// BanChanged says that an account was banned, or that its ban was lifted (USER-006).
type BanChanged struct {
	UserID  id.UUID
	Version int64 // of the account with the change
	Lifted  bool
}

func (SessionsEnded) event() {}
func (RolesChanged) event()  {}
func (BanChanged) event()    {}
