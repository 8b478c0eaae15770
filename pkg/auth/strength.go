package auth

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

//go:embed common_passwords.txt
var commonList string

// common is the bundled list of common passwords, lower case, one a line.
var common = sync.OnceValue(func() map[string]bool {
	set := make(map[string]bool)
	for line := range strings.Lines(commonList) {
		if p := strings.TrimSpace(line); p != "" {
			set[p] = true
		}
	}
	return set
})

// maxPeriod is the longest piece whose repetition makes a weak password ("abcabcabcabc").
const maxPeriod = 4

// CheckStrength refuses a new password that is too short or long, common, a run
// of repeated or consecutive characters, or the account's email or its local part.
// field is the request's name for it. Errors: InvalidArgument naming field. Rule: USER-001.
func CheckStrength(field, password, email string) error {
	lower := strings.ToLower(password)
	local, _, _ := strings.Cut(strings.ToLower(email), "@")
	switch {
	case len(password) < MinPasswordBytes || len(password) > MaxPasswordBytes:
		return errs.Invalid(field, "must be 10 to 72 bytes long")
	case common()[lower]:
		return errs.Invalid(field, "must not be a common password")
	case repeats(lower) || runs(lower):
		return errs.Invalid(field, "must not be a repeated or consecutive run of characters")
	case lower == strings.ToLower(email) || lower == local:
		return errs.Invalid(field, "must not be the email")
	}
	return nil
}

// repeats reports whether s is one short piece over and over.
func repeats(s string) bool {
	for period := 1; period <= maxPeriod && 2*period <= len(s); period++ {
		if s[period:] == s[:len(s)-period] {
			return true
		}
	}
	return false
}

// runs reports whether each character of s follows the one before, up or down; 0 follows 9.
func runs(s string) bool {
	up, down := true, true
	for i := 1; i < len(s); i++ {
		up = up && follows(s[i-1], s[i])
		down = down && follows(s[i], s[i-1])
	}
	return up || down
}

func follows(a, b byte) bool { return b == a+1 || a == '9' && b == '0' }
