package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	maxSKU     = 100 // bytes
	slugSuffix = 8   // hexadecimal digits that tell cut names apart
)

// slug is the SKU of a name: its ASCII letters and digits in lower case, with one
// dash for whatever stands between them. Names that are too long are cut and
// get a piece of their hash.
func slug(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(name) {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('-')
		}
		gap = false
		b.WriteRune(r)
	}
	s := b.String()
	if len(s) <= maxSKU {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return strings.TrimRight(s[:maxSKU-slugSuffix-1], "-") + "-" + hex.EncodeToString(sum[:])[:slugSuffix]
}
