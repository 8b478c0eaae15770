package user_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

const (
	shipping = userv1.AddressKind_SHIPPING
	billing  = userv1.AddressKind_BILLING
)

func home(kind userv1.AddressKind) *userv1.Address {
	return &userv1.Address{
		Kind: kind, Recipient: "Jane Doe", Line1: "1 Main Street", Line2: "Apt 2", City: "Springfield",
		Region: "IL", PostalCode: "62701", Country: "US", Phone: "+1 217 555 0100",
	}
}

func (w *world) add(t testing.TB, p person, a *userv1.Address) *userv1.Address {
	t.Helper()
	res, err := w.AddAddress(p.ctx, &userv1.AddAddressRequest{Address: a})
	require.NoError(t, err)
	return res.GetAddress()
}

func (w *world) addresses(t testing.TB, p person, kind userv1.AddressKind) []*userv1.Address {
	t.Helper()
	res, err := w.ListAddresses(p.ctx, &userv1.ListAddressesRequest{Kind: kind, PageSize: 100})
	require.NoError(t, err)
	return res.GetAddresses()
}

func (w *world) defaults(t testing.TB, p person, kind userv1.AddressKind) []string {
	t.Helper()
	var ids []string
	for _, a := range w.addresses(t, p, kind) {
		if a.GetIsDefault() {
			ids = append(ids, a.GetId())
		}
	}
	return ids
}

func (w *world) update(p person, address string, a *userv1.Address, paths ...string) (*userv1.Address, error) {
	res, err := w.UpdateAddress(p.ctx, &userv1.UpdateAddressRequest{
		AddressId: address, Address: a, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
	})
	return res.GetAddress(), err
}

func TestUSER_008_AnAddressIsKeptAsGiven(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	given := home(shipping)
	given.City, given.Country = "  Springfield ", "us"
	a := w.add(t, p, given)
	want := home(shipping)
	want.Id, want.IsDefault, want.Version, want.CreatedAt, want.UpdatedAt = a.GetId(), true, 1, a.GetCreatedAt(), a.GetUpdatedAt()
	require.True(t, proto.Equal(want, a), "%v", a)
	require.Equal(t, t0, a.GetCreatedAt().AsTime())
	got, err := w.GetAddress(p.ctx, &userv1.GetAddressRequest{AddressId: a.GetId()})
	require.NoError(t, err)
	require.True(t, proto.Equal(a, got.GetAddress()))
}

func TestUSER_008_WhatAnAddressRefuses(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	for name, c := range map[string]struct {
		change func(*userv1.Address)
		field  string
	}{
		"no kind":          {func(a *userv1.Address) { a.Kind = 0 }, "address.kind"},
		"unknown kind":     {func(a *userv1.Address) { a.Kind = 9 }, "address.kind"},
		"no recipient":     {func(a *userv1.Address) { a.Recipient = " " }, "address.recipient"},
		"no line":          {func(a *userv1.Address) { a.Line1 = "" }, "address.line1"},
		"two lines in one": {func(a *userv1.Address) { a.Line2 = "a\nb" }, "address.line2"},
		"no city":          {func(a *userv1.Address) { a.City = "" }, "address.city"},
		"no postal code":   {func(a *userv1.Address) { a.PostalCode = "" }, "address.postal_code"},
		"no country":       {func(a *userv1.Address) { a.Country = "" }, "address.country"},
		"unknown country":  {func(a *userv1.Address) { a.Country = "ZZ" }, "address.country"},
		"country of digit": {func(a *userv1.Address) { a.Country = "U1" }, "address.country"},
		"long country":     {func(a *userv1.Address) { a.Country = "USA" }, "address.country"},
		"phone of letters": {func(a *userv1.Address) { a.Phone = "call me" }, "address.phone"},
		"long city":        {func(a *userv1.Address) { a.City = strings.Repeat("x", 101) }, "address.city"},
	} {
		a := home(shipping)
		c.change(a)
		_, err := w.AddAddress(p.ctx, &userv1.AddAddressRequest{Address: a})
		t.Log(name)
		blames(t, err, c.field)
	}
	_, err := w.AddAddress(p.ctx, &userv1.AddAddressRequest{})
	blames(t, err, "address")
	require.Zero(t, value[int](t, w, "SELECT count(*) FROM addresses"))
}

func TestUSER_008_TheFirstOfAKindIsTheDefault(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	first, second, bill := w.add(t, p, home(shipping)), w.add(t, p, home(shipping)), w.add(t, p, home(billing))
	require.True(t, first.GetIsDefault())
	require.False(t, second.GetIsDefault())
	require.True(t, bill.GetIsDefault(), "each kind has its own")
}

func TestUSER_008_ANewDefaultTakesThePlaceOfTheOld(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p, other := w.join(t, "jane@example.com"), w.join(t, "john@example.com")
	first, bill, his := w.add(t, p, home(shipping)), w.add(t, p, home(billing)), w.add(t, other, home(shipping))
	asked := home(shipping)
	asked.IsDefault = true
	second := w.add(t, p, asked)
	require.Equal(t, []string{second.GetId()}, w.defaults(t, p, shipping))
	a, err := w.update(p, first.GetId(), &userv1.Address{IsDefault: true}, "is_default")
	require.NoError(t, err)
	require.EqualValues(t, 3, a.GetVersion(), "lost the place, got it back")
	require.Equal(t, []string{first.GetId()}, w.defaults(t, p, shipping))
	require.Equal(t, []string{bill.GetId()}, w.defaults(t, p, billing))
	require.Equal(t, []string{his.GetId()}, w.defaults(t, other, shipping))
	_, err = w.update(p, first.GetId(), &userv1.Address{}, "is_default")
	refused(t, err, codes.FailedPrecondition, "DEFAULT_ADDRESS_REQUIRED")
}

func TestUSER_008_DeletingTheDefaultPromotesTheNewestRemaining(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	var ids []string
	for range 3 {
		w.clock.Advance(time.Second)
		ids = append(ids, w.add(t, p, home(shipping)).GetId())
	}
	bill := w.add(t, p, home(billing)).GetId()
	remove := func(address string) {
		_, err := w.DeleteAddress(p.ctx, &userv1.DeleteAddressRequest{AddressId: address})
		require.NoError(t, err)
	}
	remove(ids[0])
	require.Equal(t, []string{ids[2]}, w.defaults(t, p, shipping))
	remove(ids[1])
	require.Equal(t, []string{ids[2]}, w.defaults(t, p, shipping), "deleting another changes nothing")
	remove(ids[2])
	require.Empty(t, w.addresses(t, p, shipping))
	require.Equal(t, []string{bill}, w.defaults(t, p, billing))
	_, err := w.DeleteAddress(p.ctx, &userv1.DeleteAddressRequest{AddressId: ids[0]})
	refused(t, err, codes.NotFound, "ADDRESS_NOT_FOUND")
}

func TestUSER_008_ManyAtOnceLeaveExactlyOneDefault(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	var wg sync.WaitGroup
	at := func(n int, fn func(i int) error) {
		errs := make(chan error, n)
		for i := range n {
			wg.Go(func() { errs <- fn(i) })
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
	}
	at(10, func(i int) error {
		a := home(shipping)
		a.IsDefault = i%2 == 0
		_, err := w.AddAddress(p.ctx, &userv1.AddAddressRequest{Address: a})
		return err
	})
	require.Len(t, w.defaults(t, p, shipping), 1)
	all := w.addresses(t, p, shipping)
	require.Len(t, all, 10)
	at(10, func(i int) error {
		_, err := w.update(p, all[i].GetId(), &userv1.Address{IsDefault: true}, "is_default")
		return err
	})
	require.Len(t, w.defaults(t, p, shipping), 1)
	at(9, func(i int) error {
		_, err := w.DeleteAddress(p.ctx, &userv1.DeleteAddressRequest{AddressId: all[i].GetId()})
		return err
	})
	require.Equal(t, []string{all[9].GetId()}, w.defaults(t, p, shipping))
}

func TestUSER_008_TheDatabaseRefusesASecondDefault(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	w.add(t, p, home(shipping))
	w.add(t, p, home(shipping))
	_, err := w.db.Exec(p.ctx, "UPDATE addresses SET is_default = true")
	require.ErrorContains(t, err, "addresses_one_default_idx")
}

func TestUSER_008_AnUpdateChangesWhatTheMaskNames(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	a := w.add(t, p, home(shipping))
	w.clock.Advance(time.Minute)
	next := &userv1.Address{
		Recipient: "John Doe", Line1: "2 Side Street", Line2: "", City: "Berlin", Region: "", PostalCode: "10115",
		Country: "DE", Phone: "+49 30 1234567", Kind: billing, Version: a.GetVersion(),
	}
	got, err := w.update(p, a.GetId(), next, "recipient", "line1", "line2", "city", "region", "postal_code", "country", "phone")
	require.NoError(t, err)
	want := proto.CloneOf(next)
	want.Id, want.Kind, want.IsDefault, want.Version = a.GetId(), shipping, true, 2
	want.CreatedAt, want.UpdatedAt = a.GetCreatedAt(), got.GetUpdatedAt()
	require.True(t, proto.Equal(want, got), "%v", got)
	require.Equal(t, t0.Add(time.Minute), got.GetUpdatedAt().AsTime())

	_, err = w.update(p, a.GetId(), next, "city")
	refused(t, err, codes.Aborted, "VERSION_CONFLICT")
	for _, mask := range []string{"kind", "id", "version", "user_id"} {
		_, err = w.update(p, a.GetId(), &userv1.Address{}, mask)
		blames(t, err, "update_mask")
	}
	_, err = w.update(p, a.GetId(), &userv1.Address{}, "city")
	blames(t, err, "address.city")
}

func TestUSER_008_AddressesArePagedNewestFirst(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	var want []string
	for i := range 5 {
		if i%2 == 0 {
			w.clock.Advance(time.Second) // some share an instant
		}
		want = append([]string{w.add(t, p, home(shipping)).GetId()}, want...)
	}
	w.add(t, p, home(billing))
	var got []string
	token := ""
	for {
		res, err := w.ListAddresses(p.ctx, &userv1.ListAddressesRequest{Kind: shipping, PageSize: 2, PageToken: token})
		require.NoError(t, err)
		for _, a := range res.GetAddresses() {
			got = append(got, a.GetId())
		}
		if token = res.GetNextPageToken(); token == "" {
			break
		}
	}
	require.Equal(t, want, got)
	require.Len(t, w.addresses(t, p, userv1.AddressKind_ADDRESS_KIND_UNSPECIFIED), 6)
	_, err := w.ListAddresses(p.ctx, &userv1.ListAddressesRequest{PageSize: 101})
	blames(t, err, "page_size")
	_, err = w.ListAddresses(p.ctx, &userv1.ListAddressesRequest{PageToken: "%"})
	blames(t, err, "page_token")
}

func TestUSER_008_AnAccountHoldsAHundredAddresses(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	w.add(t, p, home(shipping))
	_, err := w.db.Exec(p.ctx, `INSERT INTO addresses (id, user_id, kind, recipient, line1, city, postal_code, country)
		SELECT gen_random_uuid(), user_id, kind, recipient, line1, city, postal_code, country FROM addresses, generate_series(1, 99)`)
	require.NoError(t, err)
	_, err = w.AddAddress(p.ctx, &userv1.AddAddressRequest{Address: home(billing)})
	refused(t, err, codes.FailedPrecondition, "TOO_MANY_ADDRESSES")
}

func TestAUTH_001_AnothersAddressIsNotFound(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p, stranger := w.join(t, "jane@example.com"), w.join(t, "john@example.com")
	a := w.add(t, p, home(shipping))
	for _, address := range []string{a.GetId(), unknownID()} {
		_, err := w.GetAddress(stranger.ctx, &userv1.GetAddressRequest{AddressId: address})
		refused(t, err, codes.NotFound, "ADDRESS_NOT_FOUND")
		_, err = w.update(stranger, address, home(shipping), "city")
		refused(t, err, codes.NotFound, "ADDRESS_NOT_FOUND")
		_, err = w.DeleteAddress(stranger.ctx, &userv1.DeleteAddressRequest{AddressId: address})
		refused(t, err, codes.NotFound, "ADDRESS_NOT_FOUND")
	}
	require.Empty(t, w.addresses(t, stranger, shipping))
	require.Len(t, w.addresses(t, p, shipping), 1)
	for _, bad := range []string{"", "1", "' OR 1=1"} {
		_, err := w.GetAddress(p.ctx, &userv1.GetAddressRequest{AddressId: bad})
		blames(t, err, "address_id")
	}
}
