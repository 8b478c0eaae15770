package model

import "github.com/sneakers-marketplace/marketplace/pkg/errs"

// What the user service refuses, and why.
var (
	ErrEmailTaken       = errs.New(errs.AlreadyExists, "EMAIL_TAKEN", "an account with this email exists")
	ErrCredentials      = errs.New(errs.Unauthenticated, "INVALID_CREDENTIALS", "the email or the password is wrong")
	ErrTooManyAttempts  = errs.New(errs.ResourceExhausted, "TOO_MANY_ATTEMPTS", "too many failed attempts to sign in")
	ErrBanned           = errs.New(errs.PermissionDenied, "ACCOUNT_BANNED", "the account is banned")
	ErrEmailNotVerified = errs.New(errs.FailedPrecondition, "EMAIL_NOT_VERIFIED", "the email is not verified yet")
	ErrWrongPassword    = errs.New(errs.PermissionDenied, "WRONG_PASSWORD", "the present password is wrong")
	ErrSamePassword     = errs.New(errs.InvalidArgument, "SAME_PASSWORD", "the new password must differ from the present one")

	ErrSessionEnded   = errs.New(errs.Unauthenticated, "SESSION_REVOKED", "the session has ended; sign in again")
	ErrSessionUnknown = errs.New(errs.NotFound, "SESSION_NOT_FOUND", "session not found")
	ErrRefreshInvalid = errs.New(errs.Unauthenticated, "REFRESH_TOKEN_INVALID", "the refresh token is not valid")
	ErrRefreshExpired = errs.New(errs.Unauthenticated, "REFRESH_TOKEN_EXPIRED", "the refresh token has expired")
	ErrRefreshReused  = errs.New(errs.Unauthenticated, "REFRESH_TOKEN_REUSED", "the refresh token was used before; its session is revoked")

	ErrUserUnknown     = errs.New(errs.NotFound, "USER_NOT_FOUND", "user not found")
	ErrNotAllowed      = errs.New(errs.PermissionDenied, "ROLE_REQUIRED", "the caller's roles do not allow this")
	ErrOwnRoles        = errs.New(errs.PermissionDenied, "OWN_ROLES", "nobody changes his own roles")
	ErrGrant           = errs.New(errs.PermissionDenied, "GRANT_NOT_ALLOWED", "the caller may not grant or take this role")
	ErrLastOwner       = errs.New(errs.FailedPrecondition, "LAST_OWNER", "the last owner cannot be demoted")
	ErrOwnerExists     = errs.New(errs.FailedPrecondition, "OWNER_EXISTS", "the marketplace has an owner already")
	ErrSellerRoleTaken = errs.New(errs.PermissionDenied, "SELLER_ROLE_TAKEN", "the seller role was taken from this account")
	ErrBanSelf         = errs.New(errs.PermissionDenied, "BAN_SELF", "nobody bans himself")
	ErrBanOwner        = errs.New(errs.PermissionDenied, "BAN_OWNER", "only an owner bans an owner")
	ErrAlreadyState    = errs.New(errs.FailedPrecondition, "STATUS_UNCHANGED", "the account is in this state already")

	ErrAddressUnknown   = errs.New(errs.NotFound, "ADDRESS_NOT_FOUND", "address not found")
	ErrTooManyAddresses = errs.New(errs.FailedPrecondition, "TOO_MANY_ADDRESSES", "an account holds at most 100 addresses")
	ErrDefaultNeeded    = errs.New(errs.FailedPrecondition, "DEFAULT_ADDRESS_REQUIRED", "make another address the default instead")
	ErrVersion          = errs.New(errs.Aborted, "VERSION_CONFLICT", "the object was changed meanwhile; read it again")
)
