package service

import (
	"context"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Store keeps accounts and what belongs to them.
type Store interface {
	Users
	Directory
	Roles
	Sessions
	Tokens
	Addresses
	Defaults
	Events
	// Audit appends one line to the audit trail.
	Audit(ctx context.Context, e model.Entry) error
	// InTx runs fn in one transaction, committed when fn returns nil.
	InTx(ctx context.Context, fn func(Store) error) error
	// Sweep removes refresh tokens that expired before now and sessions that ended before old.
	Sweep(ctx context.Context, now, old time.Time) error
}

// Cursor is where a newest-first list continues: after the object with this key. Nil begins at the newest.
type Cursor struct {
	At time.Time `json:"t"`
	ID id.UUID   `json:"i"`
}

// Users keeps accounts.
type Users interface {
	// CreateUser adds an account with its roles. Errors: model.ErrEmailTaken.
	CreateUser(ctx context.Context, u model.User) error
	// LockUser reads an account and keeps every other writer of it out until the transaction ends.
	LockUser(ctx context.Context, user id.UUID) (model.User, error)
	// SaveUser writes all but id, email and roles, and returns the new version.
	SaveUser(ctx context.Context, u model.User) (model.User, error)
}

// Directory finds accounts.
type Directory interface {
	// User reads an account. Errors: model.ErrUserUnknown.
	User(ctx context.Context, user id.UUID) (model.User, error)
	// UserByEmail reads the account of a normal email. Errors: model.ErrUserUnknown.
	UserByEmail(ctx context.Context, email string) (model.User, error)
	// Users lists accounts, newest first; query is part of an email or name.
	Users(ctx context.Context, query string, after *Cursor, limit int) ([]model.User, error)
}

// Roles keeps who has which role.
type Roles interface {
	// SetRoles makes roles the account's roles. Errors: model.ErrLastOwner.
	SetRoles(ctx context.Context, user id.UUID, roles []model.Role, by id.UUID, at time.Time) error
	// LockOwners puts changes of owners in a row until the transaction ends.
	LockOwners(ctx context.Context) error
	// LockNoOwner keeps every grant out until the transaction ends.
	// Errors: model.ErrOwnerExists.
	LockNoOwner(ctx context.Context) error
}

// Sessions keeps signed-in devices.
type Sessions interface {
	// CreateSession adds a session.
	CreateSession(ctx context.Context, s model.Session) error
	// SessionUser reads a session and its account. Errors: model.ErrSessionUnknown.
	SessionUser(ctx context.Context, session id.UUID) (model.Session, model.User, error)
	// LiveSessions lists an account's sessions that still count at now, newest first.
	LiveSessions(ctx context.Context, user id.UUID, now time.Time, after *Cursor, limit int) ([]model.Session, error)
	// EndSessions ends live sessions and answers which.
	EndSessions(ctx context.Context, e End) ([]id.UUID, error)
	// SignedInFrom reports whether the account ever signed in from the network.
	SignedInFrom(ctx context.Context, user id.UUID, prefix string) (bool, error)
}

// End says which live sessions of an account end: one, all but one, or all.
type End struct {
	User         id.UUID
	Only, Except id.UUID // None: no restriction
	Reason       model.EndReason
	At           time.Time
}

// Tokens keeps refresh tokens.
type Tokens interface {
	// CreateToken adds a token.
	CreateToken(ctx context.Context, t model.Token) error
	// Token reads a token by hash. Errors: model.ErrRefreshInvalid.
	Token(ctx context.Context, hash []byte) (model.Token, error)
	// Child reads the token that one was exchanged for. Errors: model.ErrRefreshInvalid.
	Child(ctx context.Context, parent []byte) (model.Token, error)
	// UseToken records the exchange of a token, and its session's longer life.
	UseToken(ctx context.Context, t model.Token, at, expires time.Time) error
	// LockSession keeps every other refresh of a session out until the transaction ends.
	LockSession(ctx context.Context, session id.UUID) error
}

// Addresses keeps postal addresses. Writers hold LockUser.
type Addresses interface {
	// CreateAddress adds an address.
	CreateAddress(ctx context.Context, a model.Address) error
	// Address reads one of the account's addresses. Errors: model.ErrAddressUnknown.
	Address(ctx context.Context, user, address id.UUID) (model.Address, error)
	// Addresses lists the account's addresses, newest first; a blank kind means both.
	Addresses(ctx context.Context, user id.UUID, kind model.AddressKind, after *Cursor, limit int) ([]model.Address, error)
	// SaveAddress writes all but id, owner and kind, and returns the new version.
	SaveAddress(ctx context.Context, a model.Address) (model.Address, error)
	// DeleteAddress removes an address.
	DeleteAddress(ctx context.Context, user, address id.UUID) error
}

// Defaults keeps which address of a kind is the default. Writers hold LockUser.
type Defaults interface {
	// CountAddresses answers how many addresses the account has, and how many of them are of the kind.
	CountAddresses(ctx context.Context, user id.UUID, kind model.AddressKind) (all, ofKind int, err error)
	// ClearDefault makes no address of the kind but except the default.
	ClearDefault(ctx context.Context, user id.UUID, kind model.AddressKind, except id.UUID, at time.Time) error
	// PromoteNewest makes the newest address of the kind the default.
	PromoteNewest(ctx context.Context, user id.UUID, kind model.AddressKind, at time.Time) error
}

// Events keeps what other services are told.
type Events interface {
	// Announce tells other services what happened, once the transaction commits. It is the
	// last thing a transaction locks anything for: other writers wait for it from here on.
	Announce(ctx context.Context, at time.Time, e model.Event) error
	// RevokedSince reads all that was revoked at or after an instant.
	RevokedSince(ctx context.Context, at time.Time) (Revoked, error)
	// RevokedAfter reads what was revoked behind a position.
	RevokedAfter(ctx context.Context, seq int64) (Revoked, error)
}

// Throttle counts failed sign-ins in a sliding window per key (USER-003).
type Throttle interface {
	// Blocked answers how long the first full limit stays so, 0 when none is full. It changes nothing.
	Blocked(ctx context.Context, at time.Time, limits []Limit) (Block, error)
	// Take counts one attempt under every key at once, unless a limit is full. An attempt
	// is counted before it is judged, so that guesses made at once cannot slip through.
	Take(ctx context.Context, at time.Time, attempt string, limits []Limit) (Block, error)
	// Forget removes one attempt from all keys.
	Forget(ctx context.Context, attempt string, limits []Limit) error
	// Clear removes every attempt of one key.
	Clear(ctx context.Context, key string) error
}

// Limit is how many failures one key may have within a window; Max 0 counts without limit.
type Limit struct {
	Key    string
	Max    int
	Window time.Duration
}

// Block says that a limit is full: which, and for how long. The zero value: none.
type Block struct {
	Key   string
	Retry time.Duration
}

// Full reports whether there is a block.
func (b Block) Full() bool { return b.Key != "" }
