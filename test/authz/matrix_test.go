package main

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAUTH_002_EveryCallerIsAnsweredAsTheTableSays(t *testing.T) {
	t.Parallel()
	w, rows := inOneProcess(t), table(t)
	m, err := w.try(t.Context(), rows)
	require.NoError(t, err)
	require.Empty(t, m.unlisted)
	require.Empty(t, lines(m.found))
	require.Equal(t, len(rows)*len(columns), m.cells)

	// The same marketplace and a table that is wrong, so that what was shown is shown.
	few := []row{rows[at(t, rows, "user user.v1.UserService/ListUsers")], rows[at(t, rows, "bidding bidding.v1.BiddingService/GetBid")]}
	few[0].verdict, few[1].verdict = maps.Clone(few[0].verdict), maps.Clone(few[1].verdict)
	few[0].verdict["user"], few[1].verdict["other"] = allow, allow
	few = append(few, row{server: "user", method: "user.v1.UserService/MintMoney"})
	m, err = w.try(t.Context(), few)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{
		"FAIL user user.v1.UserService/ListUsers: user: expected allow, got denied",
		"FAIL bidding bidding.v1.BiddingService/GetBid: other: expected allow, got notfound",
	}, lines(m.found))
	require.Contains(t, lines(m.unlisted), "FAIL user user.v1.UserService/MintMoney: the table: expected a method that is served, got a row too many")
	require.Contains(t, lines(m.unlisted), "FAIL user user.v1.UserService/Login: the table: expected a row, got none")
	require.Len(t, m.unlisted, m.methods-2+1)
}
