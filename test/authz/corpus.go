package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// told are the words in which a token may be refused; whatever else is said may come
// from inside.
var told = []string{
	"the access token is not valid",
	"the access token has expired",
	"the authorization header must be: Bearer <token>",
	"the service token is not valid",
	"an access token is needed: authorization: Bearer <token>",
	"the refresh token is not valid",
	"the refresh token was used before; its session is revoked",
	"the session has ended; sign in again",
	"the account is banned",
	"refresh_token: must be at most 256 characters",
}

// door is a call that a good token opens.
type door struct {
	name string
	try  func(context.Context) error
}

// corpus is the tokens that were sent, and what came of them.
type corpus struct {
	found    []finding
	sent     int
	accepted int
}

// refused notes a token that was sent, and a finding unless it was refused as it must be.
func (c *corpus) refused(name string, d door, err error) {
	c.refusedAs(codes.Unauthenticated, name, d, err)
}

func (c *corpus) refusedAs(code codes.Code, name string, d door, err error) {
	c.sent++
	st := status.Convert(err)
	switch {
	case st.Code() == code && slices.Contains(told, st.Message()) && plain(st):
		return
	case st.Code() == codes.OK:
		c.accepted++
	}
	c.found = append(c.found, finding{d.name, name, code.String(), fmt.Sprintf("%s: %s %v", st.Code(), st.Message(), st.Details())})
}

// plain reports whether an answer says no more than its reason.
func plain(st *status.Status) bool {
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			if len(d.GetMetadata()) > 0 {
				return false
			}
		case *errdetails.BadRequest: // names a field and what is wrong with it
		default:
			return false
		}
	}
	return true
}

// good notes a token that must be taken; otherwise the refusals show nothing.
func (c *corpus) good(name string, d door, err error) {
	if err != nil {
		c.found = append(c.found, finding{d.name, name, allow, verdictOf(err)})
	}
}

// honest is the name of the token that the forgeries are made from.
const honest = "an honest one"

func (c *corpus) send(ctx context.Context, d door, kind string, tokens map[string]string, with func(context.Context, string) context.Context) {
	for _, name := range slices.Sorted(maps.Keys(tokens)) {
		err := d.try(with(ctx, tokens[name]))
		if name == honest {
			c.good(kind+" "+name, d, err)
		} else {
			c.refused(kind+" with "+name, d, err)
		}
	}
}

func reasonOf(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}
