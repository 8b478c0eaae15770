package auth

import (
	"fmt"

	"golang.org/x/crypto/bcrypt"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

// Lengths of a password in bytes; bcrypt reads no more than 72.
const (
	MinPasswordBytes = 10
	MaxPasswordBytes = 72
)

// HashPassword returns the bcrypt hash of a password.
// Errors: InvalidArgument when it has more than 72 bytes, for bcrypt would leave the rest out (USER-001).
func HashPassword(password string, cost int) (string, error) {
	if len(password) > MaxPasswordBytes {
		return "", errs.Invalid("password", "must be 10 to 72 bytes long")
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return string(hash), nil
}

// CheckPassword reports whether hash was made of password. One longer than 72
// bytes never fits, and takes as long to refuse as any other.
func CheckPassword(hash, password string) bool {
	fits := len(password) <= MaxPasswordBytes
	if !fits {
		password = password[:MaxPasswordBytes]
	}
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil && fits
}
