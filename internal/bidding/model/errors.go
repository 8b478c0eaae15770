package model

import "github.com/sneakers-marketplace/marketplace/pkg/errs"

// What the exchange says no with. Compare with errors.Is.
var (
	ErrMarketNotFound   = errs.New(errs.NotFound, "MARKET_NOT_FOUND", "no such market")
	ErrBidNotFound      = errs.New(errs.NotFound, "BID_NOT_FOUND", "no such bid")
	ErrAskNotFound      = errs.New(errs.NotFound, "ASK_NOT_FOUND", "no such ask")
	ErrMatchNotFound    = errs.New(errs.NotFound, "MATCH_NOT_FOUND", "no such match")
	ErrMarketHalted     = errs.New(errs.FailedPrecondition, "MARKET_HALTED", "the market is halted; only cancelling works")
	ErrAccountBanned    = errs.New(errs.PermissionDenied, string(ReasonBanned), "the account is banned")
	ErrOffTick          = errs.New(errs.InvalidArgument, "OFF_TICK", "price is not a multiple of the market's tick")
	ErrPriceRange       = errs.New(errs.InvalidArgument, "PRICE_OUT_OF_RANGE", "price is out of the market's range")
	ErrQuantityRange    = errs.New(errs.InvalidArgument, "QUANTITY_OUT_OF_RANGE", "quantity is out of range")
	ErrExpiryRange      = errs.New(errs.InvalidArgument, "EXPIRY_OUT_OF_RANGE", "expires_in is out of range")
	ErrAlreadyMatched   = errs.New(errs.FailedPrecondition, "ALREADY_MATCHED", "it is already matched")
	ErrNotOpen          = errs.New(errs.FailedPrecondition, "NOT_OPEN", "it is no longer open")
	ErrSelfTrade        = errs.New(errs.FailedPrecondition, string(ReasonSelfTrade), "it would match an order of the same account")
	ErrFOKNotFillable   = errs.New(errs.FailedPrecondition, string(ReasonFOK), "it cannot be filled completely at once")
	ErrPostOnlyCross    = errs.New(errs.FailedPrecondition, string(ReasonPostOnly), "it would match at once")
	ErrClientOrderID    = errs.New(errs.AlreadyExists, "CLIENT_ORDER_ID_TAKEN", "client_order_id was used for something else")
	ErrTooManyOpen      = errs.New(errs.ResourceExhausted, "TOO_MANY_OPEN_ORDERS", "too many open bids and asks")
	ErrSettingsConflict = errs.New(errs.FailedPrecondition, "SETTINGS_DO_NOT_FIT", "resting orders do not fit the new settings")
	ErrSettingsMoved    = errs.New(errs.Aborted, "VERSION_MISMATCH", "the market's settings have changed meanwhile; read them again")
	ErrReversalMoved    = errs.New(errs.Aborted, "REVERSAL_MOVED", "what the reversal rests on has changed meanwhile; try again")
	ErrFromStock        = errs.New(errs.FailedPrecondition, "FROM_STOCK", "what is sold from stock is not replaced; cancel it and place another")
	ErrNoStock          = errs.New(errs.FailedPrecondition, "INSUFFICIENT_STOCK", "fewer items are held than the ask would sell")
	ErrPriceUnusual     = errs.New(errs.FailedPrecondition, "PRICE_UNUSUAL", "price is far from the last sale; repeat with confirm if it is meant")
	ErrNotOwner         = errs.New(errs.Unavailable, "NOT_OWNER", "the market is moving to another node; nothing was done; try again")
	ErrUnavailable      = errs.New(errs.Unavailable, "MARKET_UNAVAILABLE", "the market is being recovered; try again with the same client_order_id")
)

// NotFound returns the "no such order" of a side.
func NotFound(s Side) *errs.Error {
	if s == Ask {
		return ErrAskNotFound
	}
	return ErrBidNotFound
}

// Refusal returns the error that a rejected order is answered with.
func Refusal(r Reason) *errs.Error {
	switch r {
	case ReasonFOK:
		return ErrFOKNotFillable
	case ReasonPostOnly:
		return ErrPostOnlyCross
	default:
		return ErrSelfTrade
	}
}
