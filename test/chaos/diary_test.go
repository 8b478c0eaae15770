package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func TestADiaryIsReadOnFromWhereItWasLeft(t *testing.T) {
	t.Parallel()
	dir, account := t.TempDir(), id.New()
	d, err := openDiary(dir, account)
	require.NoError(t, err)
	defer func() { require.NoError(t, d.close()) }()
	files, err := diaries(dir)
	require.NoError(t, err)
	path := filepath.Join(dir, account.String()+diarySuffix)
	require.Equal(t, map[string]id.UUID{path: account}, files)

	var got []record
	end := int64(0)
	asked := attempt{ID: "place-1", Op: place, Side: bid, Market: id.New().String(), Price: 200_00, Quantity: 2, Type: "ioc", SelfTrade: "cancel_both"}
	told := answer{ID: "place-1", Outcome: acknowledged, Order: 7, Status: "matched", Matches: []match{{ID: 9, Price: 199_00, Quantity: 2}}}
	for _, r := range []record{{Attempt: &asked}, {Answer: &told}} {
		require.NoError(t, d.write(r))
		end, err = readDiary(path, end, func(r record) { got = append(got, r) })
		require.NoError(t, err)
	}
	require.Equal(t, []record{{Attempt: &asked}, {Answer: &told}}, got)
	again, err := readDiary(path, end, func(record) { require.Fail(t, "read twice") })
	require.NoError(t, err)
	require.Equal(t, end, again)
}

func TestADiaryThatWasCutOffOrIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for text, want := range map[string]string{`{"answer":`: "has no end", "not a record\n": "invalid character"} {
		path := filepath.Join(dir, id.New().String()+diarySuffix)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := readDiary(path, 0, func(record) {})
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, newLedger(dir).update(), "read a client's diary")
		require.NoError(t, os.Remove(path))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "letter"+diarySuffix), nil, 0o600))
	require.ErrorContains(t, newLedger(dir).update(), "nobody's diary")
}
