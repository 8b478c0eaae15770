package model

import (
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Action is what was done to an account.
type Action string

// The actions; the CHECK of user_audit.action repeats the list.
const (
	ActionOwnerCreated    Action = "owner_created"
	ActionRolesChanged    Action = "roles_changed"
	ActionSellerTerms     Action = "seller_terms_accepted"
	ActionBanned          Action = "banned"
	ActionUnbanned        Action = "unbanned"
	ActionPasswordChanged Action = "password_changed"
	ActionTokenReused     Action = "token_reused"
)

// Actions returns every action.
func Actions() []Action {
	return []Action{
		ActionOwnerCreated, ActionRolesChanged, ActionSellerTerms, ActionBanned,
		ActionUnbanned, ActionPasswordChanged, ActionTokenReused,
	}
}

// Entry is one line of the audit trail, written in the transaction of the change
// and never altered (USER-009).
type Entry struct {
	UserID    id.UUID // whose account
	ActorID   id.UUID // who did it; None: the system
	Action    Action
	Old, New  map[string]any // the values that changed, never a secret
	Reason    string
	RequestID string
	At        time.Time
}
