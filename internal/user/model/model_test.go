package model

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func TestUSER_001_EmailsHaveOneNormalForm(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"jane@example.com":               "jane@example.com",
		"  Jane.Doe+shoes@EXAMPLE.co.uk": "jane.doe+shoes@example.co.uk",
		"o'neil@x-y.io\t":                "o'neil@x-y.io",
		"a@b.museum":                     "a@b.museum",
		"x@xn--bcher-kva.example":        "x@xn--bcher-kva.example",
	} {
		got, err := NormalEmail(given)
		require.NoError(t, err, given)
		require.Equal(t, want, got)
	}
}

func TestUSER_001_WhatIsNoEmail(t *testing.T) {
	t.Parallel()
	for _, given := range []string{
		"", " ", "@", "jane", "jane@", "@example.com", "jane@example", "jane@@example.com", "jane@example..com",
		".jane@example.com", "jane.@example.com", "ja..ne@example.com", "jane doe@example.com", "jane@exa mple.com",
		"jane@-example.com", "jane@example-.com", "jane@example.c", "jane@127.0.0.1", "Jane <jane@example.com>",
		"jane@example.com\nbcc:x@example.com", "jane\x00@example.com", "jаne@example.com", "jane@exämple.com",
		strings.Repeat("x", 65) + "@example.com", "x@" + strings.Repeat("y.", 130) + "com",
	} {
		_, err := NormalEmail(given)
		require.Equal(t, errs.InvalidArgument, errs.KindOf(err), "%q", given)
	}
}

func FuzzNormalEmail(f *testing.F) {
	f.Add(" Jane@Example.com ")
	f.Fuzz(func(t *testing.T, s string) {
		once, err := NormalEmail(s)
		if err != nil {
			return
		}
		twice, err := NormalEmail(once)
		require.NoError(t, err)
		require.Equal(t, once, twice)
		require.Equal(t, strings.ToLower(once), once)
	})
}

func TestUSER_009_EveryPairOfRolesThatMayGrant(t *testing.T) {
	t.Parallel()
	everyday := map[Role]bool{RoleSeller: true, RoleVerifier: true, RoleSupport: true, RoleCatalog: true}
	for _, holder := range Roles() {
		for _, role := range Roles()[1:] {
			actor := User{ID: id.New(), Roles: []Role{RoleUser, holder}}
			want := holder == RoleOwner || holder == RoleAdmin && everyday[role]
			for _, pair := range [][2][]Role{{{RoleUser}, {RoleUser, role}}, {{RoleUser, role}, {RoleUser}}} {
				err := MayChange(actor, User{ID: id.New(), Roles: pair[0]}, pair[1])
				require.Equal(t, want, err == nil, "%s changes %s: %v", holder, role, err)
			}
		}
	}
}

func TestUSER_009_RolesHaveOneOrder(t *testing.T) {
	t.Parallel()
	got, err := NormalRoles([]Role{RoleOwner, RoleSeller, RoleSeller})
	require.NoError(t, err)
	require.Equal(t, []Role{RoleUser, RoleSeller, RoleOwner}, got)
	_, err = NormalRoles([]Role{""})
	require.Error(t, err)
}

func TestUSER_009_OnlyStaffBans(t *testing.T) {
	t.Parallel()
	for _, holder := range Roles() {
		err := MayBan(User{ID: id.New(), Roles: []Role{holder}}, User{ID: id.New()})
		require.Equal(t, holder == RoleAdmin || holder == RoleOwner, err == nil, holder)
	}
}

func TestUSER_003_NeighboursHaveOnePrefix(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]string{
		"198.51.100.7": "198.51.100.0/24", "::ffff:198.51.100.7": "198.51.100.0/24", "2001:db8:1:2::3": "2001:db8:1::/48",
		"fe80::1%eth0": "fe80::/48", "": "unknown", "example.com": "unknown",
	} {
		require.Equal(t, want, Client{IP: ip}.Prefix(), ip)
	}
}

func TestEveryWrongFieldIsNamedOnce(t *testing.T) {
	t.Parallel()
	err := (&Address{Phone: strings.Repeat("x", 40)}).Validate()
	var e *errs.Error
	require.ErrorAs(t, err, &e)
	var names []string
	for _, f := range e.Fields {
		names = append(names, strings.TrimPrefix(f.Name, "address."))
	}
	require.Equal(t, []string{"kind", "recipient", "line1", "city", "postal_code", "phone", "country"}, names)
}

func TestCountriesAreTheAssignedCodes(t *testing.T) {
	t.Parallel()
	require.Len(t, countries, 249)
	for code := range countries {
		require.Regexp(t, "^[A-Z]{2}$", code)
	}
}

func TestAReasonIsNeeded(t *testing.T) {
	t.Parallel()
	got, err := Reason("  fakes ")
	require.NoError(t, err)
	require.Equal(t, "fakes", got)
	for _, bad := range []string{"", " \t", strings.Repeat("x", 501), "a\nb"} {
		_, err := Reason(bad)
		require.Error(t, err, "%q", bad)
	}
}

func TestTextThatIsNoText(t *testing.T) {
	t.Parallel()
	p := Profile{FirstName: "a\xffb", LastName: "ok"}
	require.ErrorContains(t, p.Validate(), "first_name")
}
