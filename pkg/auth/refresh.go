package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

const (
	// RefreshTTL is how long an unused refresh token lives (USER-005).
	RefreshTTL = 7 * 24 * time.Hour
	// RefreshGrace is how long the direct parent may be repeated and still get the same child:
	// two tabs that refresh at once, or an answer that was lost on the way (USER-005).
	RefreshGrace = 10 * time.Second
)

// refreshPurpose keeps the key that derives refresh tokens apart from the key that signs access tokens.
const refreshPurpose = "sneakers-marketplace refresh token v1"

// Refresher makes refresh tokens: a random root, and from each token its one child.
// It keeps nothing; the caller stores HashRefresh of what it hands out.
type Refresher struct {
	keys [][]byte
}

// NewRefresher returns a refresher whose keys are derived from cfg.Keys.
// Errors: missing, short or malformed keys.
func NewRefresher(cfg Config) (*Refresher, error) {
	ring, err := parseKeys(cfg.Keys)
	if err != nil {
		return nil, err
	}
	r := &Refresher{}
	for _, k := range ring.derive(refreshPurpose) {
		r.keys = append(r.keys, k.secret)
	}
	return r, nil
}

// Root returns the first token of a session: 256 random bits.
func (r *Refresher) Root() string {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails; the runtime ends the process instead
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// Children returns what a token is exchanged for: first the child of the signing key,
// then the one that an older live key would have given. The same parent and key
// always give the same child, so a repeat needs no stored token. Rule: USER-005.
func (r *Refresher) Children(parent string) []string {
	children := make([]string, len(r.keys))
	for i, k := range r.keys {
		children[i] = base64.RawURLEncoding.EncodeToString(mac(k, parent))
	}
	return children
}

// HashRefresh returns the SHA-256 of a refresh token, the only form that is stored.
func HashRefresh(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func mac(key []byte, message string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(message))
	return h.Sum(nil)
}
