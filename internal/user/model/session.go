package model

import (
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// EndReason says why a session ended before its time.
type EndReason string

// The reasons; the CHECK of sessions.revoked_reason repeats the list.
const (
	EndLogout          EndReason = "logout"
	EndRevoked         EndReason = "revoked"          // by its account, from another session
	EndPasswordChanged EndReason = "password_changed" // from another session
	EndBanned          EndReason = "banned"
	EndTokenReused     EndReason = "token_reused" // an old refresh token came back
)

// EndReasons returns every reason.
func EndReasons() []EndReason {
	return []EndReason{EndLogout, EndRevoked, EndPasswordChanged, EndBanned, EndTokenReused}
}

// Session is one signed-in device (USER-006).
type Session struct {
	ID         id.UUID
	UserID     id.UUID
	Client     Client
	CreatedAt  time.Time
	LastUsedAt time.Time // the last sign-in or refresh
	ExpiresAt  time.Time // when its newest refresh token does
	RevokedAt  *time.Time
}

// Live reports whether the session still counts at now.
func (s Session) Live(now time.Time) bool { return s.RevokedAt == nil && now.Before(s.ExpiresAt) }

// Client is where a call comes from, as far as it can be known.
type Client struct {
	Device string // the user agent as it names itself, at most 300 characters
	IP     string // without port; blank when unknown
}

const maxDevice = 300

// Clean returns c with text that can be stored and shown.
func (c Client) Clean() Client {
	device := strings.Map(func(r rune) rune {
		if hidden(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, c.Device)
	if utf8.RuneCountInString(device) > maxDevice {
		device = string([]rune(device)[:maxDevice])
	}
	ip, err := netip.ParseAddr(c.IP)
	if err != nil {
		return Client{Device: device}
	}
	return Client{Device: device, IP: ip.Unmap().WithZone("").String()}
}

// Prefix returns the network that counts as one neighbour in the login throttle:
// the address's /24, or /48 of IPv6; "unknown" without an address (USER-003).
func (c Client) Prefix() string {
	ip, err := netip.ParseAddr(c.IP)
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap().WithZone("")
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(ip, bits).Masked().String()
}

// Token is a refresh token as it is stored: by hash only (USER-005).
type Token struct {
	Hash      []byte // SHA-256
	SessionID id.UUID
	Parent    []byte // hash of the token it was exchanged for; nil for a root
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time // when it was exchanged for its child
}
