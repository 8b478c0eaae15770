// Package page reads and writes the opaque tokens of keyset pages.
package page

import (
	"encoding/base64"
	"encoding/json"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

const (
	defaultSize = 20
	maxSize     = 100
)

// Size returns how many items a page holds: 20 when the client named no number, never above 100.
func Size(requested int32) int {
	switch {
	case requested <= 0:
		return defaultSize
	case requested > maxSize:
		return maxSize
	}
	return int(requested)
}

// Encode makes the token that continues after the key of a page's last item.
// key is a struct or number that JSON can carry.
func Encode(key any) string {
	raw, err := json.Marshal(key)
	if err != nil {
		panic("page: key cannot be encoded: " + err.Error()) // a bug: keys are ours
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Decode reads a token into key; a blank token leaves key as it is and answers false.
// Errors: InvalidArgument naming page_token.
func Decode(token string, key any) (bool, error) {
	if token == "" {
		return false, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(raw, key)
	}
	if err != nil {
		return false, errs.Invalid("page_token", "must be a next_page_token from the same list")
	}
	return true, nil
}
