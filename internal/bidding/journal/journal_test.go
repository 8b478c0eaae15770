package journal

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
)

// everything is a batch with each kind of command and event once.
func everything() []model.Entry {
	market, a, b := id.New(), id.New(), id.New()
	return []model.Entry{
		{
			Command: model.Command{
				Kind: model.OpenMarket, Market: market, Settings: new(model.DefaultSettings()),
				Listing: &model.Listing{Product: id.New(), ProductName: "Dunk", SKU: "D-1", SizeLabel: "10", Currency: "USD"},
			},
			Events: []model.Event{},
		},
		{
			Command: model.Command{
				Kind: model.Place, Market: market, Account: a, Side: model.Bid, Type: model.FOK, SelfTrade: model.CancelBoth,
				Price: 100_00, Qty: 3, Life: 60_000_000, ClientOrderID: "mine", Content: 1 << 63, Stock: id.New(),
			},
			Outcome: model.Outcome{
				Order: 1<<8 | 1, Side: model.Bid, Status: model.Cancelled, Reason: model.ReasonIOCRemainder, Qty: 3, Open: 2, Expires: 99,
			},
			Events: []model.Event{
				{
					Kind: model.OrderAccepted, N: 1, Order: 1<<8 | 1, Priority: 1<<8 | 1, Account: a, Side: model.Bid, Type: model.FOK,
					Self: model.CancelBoth, Price: 100_00, Qty: 3, Open: 3, Expires: 99, Replaces: 7,
				},
				{
					Kind: model.OrderMatched, N: 2, Side: model.Bid, Match: 2<<8 | 1, Bid: 1<<8 | 1, Ask: 9, Price: 99_00, BidPrice: 100_00,
					Qty: 1, Buyer: a, Seller: b, BidOpen: 2, AskOpen: 4, PriceRule: model.Resting,
				},
				{
					Kind: model.OrderClosed, N: 3, Order: 1<<8 | 1, Side: model.Bid, Status: model.Cancelled,
					Reason: model.ReasonIOCRemainder, Open: 2, Account: a, Price: 100_00,
				},
				{Kind: model.OrderExpiring, N: 4, Order: 9, Side: model.Ask, Qty: 5, Open: 4, Account: b, Price: 99_00, Expires: 77},
				{Kind: model.OrderReduced, N: 4, Order: 9, Side: model.Ask, Qty: 5, Open: 4, Account: b, Price: 99_00},
			},
			FeedSeq: 12,
		},
		{Command: model.Command{Kind: model.Cancel, Market: market, Account: a, Side: model.Ask, Order: 9}, Events: []model.Event{}},
		{Command: model.Command{Kind: model.CancelAll, Market: market, Account: a, Side: model.Ask}, Events: []model.Event{}},
		{
			Command: model.Command{
				Kind: model.Replace, Market: market, Account: a, Side: model.Bid, Order: 9, Price: 1, Qty: 2, ClientOrderID: "r", Content: 5,
			},
			Outcome: model.Outcome{Order: 9, Side: model.Bid, Status: model.Active, Qty: 2, Open: 2, Kept: true},
			Events:  []model.Event{},
		},
		{Command: model.Command{Kind: model.Expire, Market: market}, Events: []model.Event{}},
		{
			Command: model.Command{Kind: model.ChangeSettings, Market: market, Actor: a, Settings: &model.Settings{
				Tick: 1, MaxPrice: 2, PriceRule: model.Resting, State: model.MarketHalted, Version: 3,
			}},
			Events: []model.Event{},
		},
		{
			Command: model.Command{Kind: model.ReverseMatch, Market: market, Side: model.Ask, Reversal: &model.Reversal{
				Match: model.Match{
					ID: 5, Market: market, Bid: 6, Ask: 7, Buyer: a, Seller: b, Price: 8, BidPrice: 9, Qty: 1, Taker: model.Ask,
					PriceRule: model.Resting, CreatedAt: 10,
				},
				Why: "PAYMENT_FAILED", Previous: model.Sale{Match: 1, Price: 2, Qty: 3, At: 4},
				Ask: &model.LimitOrder{Price: 8, Priority: 3, ExpiresAt: 11, Status: model.Matched, Stock: id.New()},
			}},
			Events: []model.Event{
				{Kind: model.MatchReversed, N: 5, Match: 5, Bid: 6, Ask: 7, Price: 8, Qty: 1, Buyer: a, Seller: b, LastSale: &model.Sale{Match: 1, Price: 2, Qty: 3, At: 4}},
				{Kind: model.MatchReversed, N: 6, Match: 5, Bid: 6, Ask: 7, Price: 8, Qty: 1, Buyer: a, Seller: b, LastSale: &model.Sale{}},
			},
		},
		{
			Command: model.Command{Kind: model.ReverseMatch, Market: market, Side: model.Ask, Reversal: &model.Reversal{Match: model.Match{Market: market}}},
			Events:  []model.Event{},
		},
		{
			Command: model.Command{Kind: model.SetDeadMan, Account: a, Ends: 12, Life: 7, Reason: model.ReasonDeadMan},
			Events:  []model.Event{},
		},
		{
			Command: model.Command{Kind: model.ChangeLimits, Account: a, Actor: b, Limits: model.AccountLimits{PerMarket: 1, Total: 2}},
			Events:  []model.Event{},
		},
	}
}

func TestBatchIsReadBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	want := everything()
	body, err := Encode(want)
	require.NoError(t, err)
	got, err := Decode(body)
	require.NoError(t, err)
	require.Equal(t, want, got)
	again, err := Encode(got)
	require.NoError(t, err)
	require.Equal(t, body, again, "the same batch has the same bytes")

	var generated journalv1.Batch
	require.NoError(t, proto.Unmarshal(body, &generated))
	theirs, err := proto.MarshalOptions{Deterministic: true}.Marshal(&generated)
	require.NoError(t, err)
	require.Len(t, body, len(theirs), "and they are those of the generated code but for the order of the fields")
}

func TestTextThatCannotBeReadBackIsNotWritten(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*model.Entry){
		"of an order":       func(e *model.Entry) { e.Command.Kind, e.Command.ClientOrderID = model.Place, "\xff" },
		"of an outcome":     func(e *model.Entry) { e.Outcome.Reason = "\xff" },
		"of a rare command": func(e *model.Entry) { e.Command.Kind, e.Command.Reason = model.CancelAll, "\xff" },
	} {
		e := everything()[1]
		spoil(&e)
		_, err := Encode([]model.Entry{e})
		require.Error(t, err, name)
	}
}

func TestRowShowsAnyChange(t *testing.T) {
	t.Parallel()
	body, err := Encode(everything())
	require.NoError(t, err)
	row := Row{Shard: 1, Seq: 2, Epoch: 3, N: 4, At: 5, PrevHash: Hash{6}, Body: body}
	row.Seal()
	require.True(t, row.Intact())
	for name, change := range map[string]func(*Row){
		"shard": func(r *Row) { r.Shard++ }, "seq": func(r *Row) { r.Seq++ }, "epoch": func(r *Row) { r.Epoch++ },
		"n": func(r *Row) { r.N++ }, "at": func(r *Row) { r.At++ }, "previous": func(r *Row) { r.PrevHash[31] ^= 1 },
		"body": func(r *Row) { r.Body = append([]byte{}, r.Body...); r.Body[7] ^= 1 },
	} {
		damaged := row
		change(&damaged)
		require.False(t, damaged.Intact(), name)
	}
}

func TestUnknownLayoutsAndDamageAreRefused(t *testing.T) {
	t.Parallel()
	newer, err := proto.Marshal(&journalv1.Batch{Version: Version + 1})
	require.NoError(t, err)
	_, err = Decode(newer)
	require.ErrorIs(t, err, ErrVersion)
	_, err = Decode([]byte{0xff})
	require.ErrorIs(t, err, ErrDamaged)

	sixteen := make([]byte, 16)
	for name, e := range map[string]*journalv1.Entry{
		"no command": {Market: sixteen},
		"short id":   {Market: []byte{1}, Command: &journalv1.Entry_Expire{}},
		"no account": {Market: sixteen, Command: &journalv1.Entry_Cancel{Cancel: &journalv1.Cancel{}}},
		"no side": {
			Market: sixteen, Command: &journalv1.Entry_CancelAll{CancelAll: &journalv1.CancelAll{Account: sixteen, Side: 257}},
		},
		"no status": {
			Market: sixteen, Command: &journalv1.Entry_Expire{}, Outcome: &journalv1.Outcome{Order: 1, Status: -1},
		},
		"no order": {Market: sixteen, Command: &journalv1.Entry_Expire{}, Outcome: &journalv1.Outcome{Open: 1}},
		"empty event": {
			Market: sixteen, Command: &journalv1.Entry_Expire{}, Events: []*journalv1.Event{{N: 1}},
		},
		"short event id": {
			Market: sixteen, Command: &journalv1.Entry_Expire{},
			Events: []*journalv1.Event{{N: 1, Event: &journalv1.Event_Closed{Closed: &journalv1.Closed{}}}},
		},
	} {
		body, err := proto.Marshal(&journalv1.Batch{Version: Version, Entries: []*journalv1.Entry{e}})
		require.NoError(t, err)
		_, err = Decode(body)
		require.ErrorIs(t, err, ErrDamaged, name)
	}
}

// TestFieldsOfAnotherKindAreRefused writes each message with every field of the wrong kind.
func TestFieldsOfAnotherKindAreRefused(t *testing.T) {
	t.Parallel()
	sixteen := make([]byte, 16)
	in := func(number protowire.Number, inner []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), inner)
	}
	wrong := map[string][]byte{
		"number as bytes": in(5, sixteen),
		"id as number":    protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 1),
		"text as number":  protowire.AppendVarint(protowire.AppendTag(nil, 8, protowire.VarintType), 1),
		"bits as number":  protowire.AppendVarint(protowire.AppendTag(nil, 9, protowire.VarintType), 1),
		"text not UTF-8":  in(8, []byte{0xff}),
		"cut":             {0x0a, 16, 1},
	}
	for name, place := range wrong {
		entry := append(in(1, sixteen), in(2, append(in(1, sixteen), place...))...)
		_, err := DecodeCommand(entry)
		require.ErrorIs(t, err, ErrDamaged, name)
	}
	expire := append(in(1, sixteen), in(6, nil)...)
	for name, more := range map[string][]byte{
		"two commands":         in(3, in(1, sixteen)),
		"command as a number":  protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), 1),
		"event with two":       in(eventField, append(in(4, in(6, sixteen)), in(4, in(6, sixteen))...)),
		"outcome without more": in(17, nil),
	} {
		_, err := DecodeCommand(append(slices.Clone(expire), more...))
		require.ErrorIs(t, err, ErrDamaged, name)
	}
}

func TestFieldsThatAreNotKnownArePassedOver(t *testing.T) {
	t.Parallel()
	body, err := Encode(everything())
	require.NoError(t, err)
	known, err := Decode(body)
	require.NoError(t, err)
	body = protowire.AppendFixed32(protowire.AppendTag(body, 90, protowire.Fixed32Type), 7)
	body = protowire.AppendString(protowire.AppendTag(body, 91, protowire.BytesType), "later")
	got, err := Decode(body)
	require.NoError(t, err)
	require.Equal(t, known, got)
}

// TestACutRowIsNeverReadAsAnother cuts a row at every byte.
func TestACutRowIsNeverReadAsAnother(t *testing.T) {
	t.Parallel()
	body, err := Encode(everything())
	require.NoError(t, err)
	all, err := Decode(body)
	require.NoError(t, err)
	for n := range body {
		got, err := Decode(body[:n])
		if err == nil { // between two entries
			require.Equal(t, all[:len(got)], got)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	entries := slices.Repeat(everything()[1:2], 500)
	body, err := Encode(entries)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(body); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	body, err := Encode(everything())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add(body[:len(body)/2])
	f.Fuzz(func(t *testing.T, body []byte) {
		entries, err := Decode(body)
		if err != nil {
			return
		}
		again, err := Encode(entries)
		require.NoError(t, err)
		reread, err := Decode(again)
		require.NoError(t, err)
		require.Equal(t, entries, reread)
	})
}
