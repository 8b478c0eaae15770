package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestTheTableHasARowForEveryRequestAndSaysWhy(t *testing.T) {
	t.Parallel()
	rows, all := table(t), calls()
	used := map[string]bool{}
	for _, r := range rows {
		require.NotNil(t, all[r.call()], r.name())
		used[r.call()] = true
	}
	for name := range all {
		require.True(t, used[name], "no row asks for %s", name)
	}
	require.Len(t, kinds, 8)
}

func TestATableThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	head := "| server | method | case | whose | anonymous | user | other | seller | catalog | admin | owner | bidding | order | courier | why |\n"
	good := "| user | a.B/C | | | allow | allow | allow | allow | allow | allow | allow | allow | allow | allow | public |\n"
	rows, err := parseTable("words\n" + head + "|--|--|\n" + good)
	require.NoError(t, err)
	require.Equal(t, "user a.B/C", rows[0].name())
	for text, complaint := range map[string]string{
		"":                                    "there is no table",
		"| server | method | user |\n" + good: "the columns must be",
		head + good + good:                    "twice",
		head + "| user | a.B/C | allow |\n":   "3 cells",
		head + "| user | a.B/C | | | perhaps | allow | allow | allow | allow | allow | allow | allow | allow | allow | public |\n": `"perhaps" is no verdict`,
		head + "| user | a.B/C | | | allow | allow | allow | allow | allow | allow | allow | allow | allow | allow | |\n":          "why",
	} {
		_, err := parseTable(text)
		require.ErrorContains(t, err, complaint)
	}
}

func TestAMissingRowAndOneTooManyAreFound(t *testing.T) {
	t.Parallel()
	rows := table(t)
	served := map[string][]string{}
	for _, r := range rows {
		if !slices.Contains(served[r.server], r.method) {
			served[r.server] = append(served[r.server], r.method)
		}
	}
	require.Empty(t, unlisted(rows, served, calls()))

	i := at(t, rows, "user user.v1.UserService/Logout")
	require.Equal(t, []string{"FAIL user user.v1.UserService/Logout: the table: expected a row, got none"},
		lines(unlisted(slices.Delete(slices.Clone(rows), i, i+1), served, calls())))

	more := append(slices.Clone(rows), row{server: "user", method: "user.v1.UserService/MintMoney"})
	require.Equal(t, []string{"FAIL user user.v1.UserService/MintMoney: the table: expected a method that is served, got a row too many"},
		lines(unlisted(more, served, calls())))

	elsewhere := append(slices.Clone(rows), row{server: "product", method: "user.v1.UserService/Login"})
	require.Len(t, unlisted(elsewhere, served, calls()), 1, "that method is served, but not there")

	served["user"] = append(served["user"], "user.v1.UserService/New")
	more = append(slices.Clone(rows), row{server: "user", method: "user.v1.UserService/New"})
	require.Equal(t, []string{"FAIL user user.v1.UserService/New: this program: expected a request to try it with, got none"},
		lines(unlisted(more, served, calls())))
}

func TestAWrongVerdictIsFound(t *testing.T) {
	t.Parallel()
	r := table(t)[at(t, table(t), "bidding bidding.v1.BiddingService/GetBid")]
	answers := func() map[string]error {
		got := map[string]error{"user": nil}
		for _, c := range []string{"anonymous", "bidding", "order", "courier"} {
			got[c] = status.Error(codes.Unauthenticated, "who")
		}
		for _, c := range []string{"other", "seller", "catalog", "admin", "owner"} {
			got[c] = status.Error(codes.NotFound, "none")
		}
		return got
	}
	require.Empty(t, judge(r, answers()))
	for name, c := range map[string]struct {
		column string
		answer error
		found  string
	}{
		"an allow nobody expects":     {"other", nil, "other: expected notfound, got allow"},
		"a refusal nobody expects":    {"user", status.Error(codes.PermissionDenied, "no"), "user: expected allow, got denied"},
		"a refusal of another kind":   {"admin", status.Error(codes.PermissionDenied, "no"), "admin: expected notfound, got denied"},
		"a failure":                   {"user", status.Error(codes.Internal, "oops"), "oops"},
		"a request that is no good":   {"user", status.Error(codes.InvalidArgument, "price"), "price"},
		"what could not be prepared":  {"other", errUnprepared{status.Error(codes.NotFound, "no product")}, "nothing to try it with"},
		"an answer that tells others": {"user", fmt.Errorf("bid 1: %w", errLeak), "somebody else's"},
	} {
		got := answers()
		got[c.column] = c.answer
		found := judge(r, got)
		require.Len(t, found, 1, name)
		require.Contains(t, found[0].String(), c.found, name)
	}
	got := answers()
	delete(got, "admin")
	require.Contains(t, lines(judge(r, got))[0], "nobody asked")
}

func TestAListThatHoldsTooMuchOrTooLittleIsFound(t *testing.T) {
	t.Parallel()
	var o owners
	o.note("bid", int64(1), "ann")
	o.note("bid", int64(2), "bob")
	require.NoError(t, check(&o, "bid", "ann", []int64{1, 7}, 1))
	require.ErrorIs(t, check(&o, "bid", "ann", []int64{1, 2}, 1), errLeak)
	require.ErrorIs(t, check(&o, "bid", "ann", []int64{7}, 1), errLeak)
	require.NoError(t, check(&o, "bid", "cid", []int64{}, 0))
}

func TestTheSourcesHaveAPlaceForEveryFault(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		f.file = "../../" + f.file
		overlay, err := f.plant(t.TempDir())
		require.NoError(t, err)
		require.FileExists(t, overlay)
		f.old = "no such place"
		_, err = f.plant(t.TempDir())
		require.ErrorContains(t, err, "has changed")
	}
}

func TestTokensThatAreTakenOrRefusedInOtherWordsAreFound(t *testing.T) {
	t.Parallel()
	d := door{"a call", func(context.Context) error { return nil }}
	var c corpus
	c.refused("good", d, status.Error(codes.Unauthenticated, "the access token is not valid"))
	require.Empty(t, c.found)
	c.refused("telling", d, status.Error(codes.Unauthenticated, "crypto/hmac: verification failed"))
	c.refused("of another kind", d, status.Error(codes.PermissionDenied, "the access token is not valid"))
	c.refused("failing", d, errors.New("broken"))
	c.refused("taken", d, nil)
	require.Len(t, c.found, 4)
	require.Equal(t, 5, c.sent)
	require.Equal(t, 1, c.accepted)
	c.good("honest", d, nil)
	c.good("honest", d, status.Error(codes.Unauthenticated, "no"))
	require.Len(t, c.found, 5)
}
