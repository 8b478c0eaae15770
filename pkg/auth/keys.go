package auth

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// key is one HMAC secret and the name that a token's header calls it by.
type key struct {
	id     string
	secret []byte
}

// keyring holds the live keys; the first signs, all verify.
type keyring []key

var keyID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// parseKeys reads "kid:secret[,kid:secret]". Its errors never show a secret.
func parseKeys(s string) (keyring, error) {
	if strings.TrimSpace(s) == "" {
		return nil, errors.New("JWT_KEYS is blank: must be kid:secret[,kid:secret], each secret at least 32 bytes")
	}
	parts := strings.Split(s, ",")
	if len(parts) > maxKeys {
		return nil, fmt.Errorf("JWT_KEYS holds %d keys: at most %d may live at once", len(parts), maxKeys)
	}
	ring := make(keyring, 0, len(parts))
	for i, part := range parts {
		kid, secret, ok := strings.Cut(strings.TrimSpace(part), ":")
		switch {
		case !ok:
			return nil, fmt.Errorf("JWT_KEYS: key %d has no kid: must be kid:secret", i+1)
		case !keyID.MatchString(kid):
			return nil, fmt.Errorf("JWT_KEYS: the kid of key %d must be 1 to 32 letters, digits, - or _", i+1)
		case len(secret) < minKeyBytes:
			return nil, fmt.Errorf("JWT_KEYS: the secret of key %q has %d bytes: must be at least %d", kid, len(secret), minKeyBytes)
		case ring.find(kid) != nil:
			return nil, fmt.Errorf("JWT_KEYS: kid %q is named twice", kid)
		}
		ring = append(ring, key{kid, []byte(secret)})
	}
	return ring, nil
}

// find returns the key of that name, nil when there is none.
func (r keyring) find(kid string) *key {
	for i := range r {
		if r[i].id == kid {
			return &r[i]
		}
	}
	return nil
}
