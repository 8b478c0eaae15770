package model

import (
	"regexp"
	"strings"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

const (
	maxEmail     = 254
	maxLocalPart = 64
)

// ASCII only: two letters that look alike are never two accounts.
var emailForm = regexp.MustCompile(
	"^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*" +
		`@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$`)

// NormalEmail trims and lower-cases an email, the form in which it is unique.
// Errors: InvalidArgument naming email. Rule: USER-001.
func NormalEmail(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	local, _, _ := strings.Cut(s, "@")
	if len(s) > maxEmail || len(local) > maxLocalPart || !emailForm.MatchString(s) {
		return "", errs.Invalid("email", "must be an email address such as jane@example.com")
	}
	return s, nil
}
