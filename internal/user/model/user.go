// Package model is what the user service knows about accounts, roles, sessions
// and addresses, and what it allows. It reads no clock and no database.
package model

import (
	"regexp"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Status is whether an account may sign in.
type Status string

// The states of an account; the CHECK of users.status repeats the list.
const (
	StatusActive Status = "active"
	StatusBanned Status = "banned"
)

// Statuses returns every state of an account.
func Statuses() []Status { return []Status{StatusActive, StatusBanned} }

// User is an account.
type User struct {
	ID              id.UUID
	Email           string // normal form, unique
	PasswordHash    string // bcrypt; never leaves the service
	Profile         Profile
	Status          Status
	Roles           []Role // in the order of Roles(); RoleUser always
	EmailVerifiedAt *time.Time
	SellerTermsAt   *time.Time // when the seller terms were accepted
	CreatedAt       time.Time
	UpdatedAt       time.Time
	Version         int64 // rises by one with each change
}

// Banned reports whether the account is stopped.
func (u User) Banned() bool { return u.Status == StatusBanned }

// Has reports whether the account holds at least one of roles.
func (u User) Has(roles ...Role) bool {
	for _, want := range roles {
		for _, r := range u.Roles {
			if r == want {
				return true
			}
		}
	}
	return false
}

// Profile is what a user tells about himself (USER-007).
type Profile struct {
	FirstName string
	LastName  string
	Phone     string // blank or international, such as "+49 30 1234567"
	ShoeSize  string // blank or US men's, such as "10.5"
}

var (
	phoneForm    = regexp.MustCompile(`^\+?[0-9][0-9 ().-]{3,30}$`)
	shoeSizeForm = regexp.MustCompile(`^([1-9]|1[0-9]|2[0-5])(\.5)?$`)
)

// Validate trims the profile and names every field that is wrong.
func (p *Profile) Validate() error {
	var f fields
	f.text("first_name", &p.FirstName, 1, 100)
	f.text("last_name", &p.LastName, 1, 100)
	f.text("phone", &p.Phone, 0, 32)
	f.text("shoe_size", &p.ShoeSize, 0, 8)
	f.form("phone", p.Phone, phoneForm, "must be a phone number such as +49 30 1234567")
	f.form("shoe_size", p.ShoeSize, shoeSizeForm, "must be a US men's size such as 10.5")
	return f.err()
}

// Reason checks the reason an administrator gives.
// Errors: InvalidArgument when it is blank or above 500 characters.
func Reason(s string) (string, error) {
	var f fields
	f.text("reason", &s, 1, 500)
	return s, f.err()
}

// fields collects what is wrong with an input, one entry per field.
type fields struct{ bad *errs.Error }

func (f *fields) add(name, allowed string) {
	switch {
	case f.bad == nil:
		f.bad = errs.Invalid(name, allowed)
	case !f.has(name):
		f.bad = f.bad.On(name, allowed)
	}
}

func (f *fields) has(name string) bool {
	for _, b := range f.bad.Fields {
		if b.Name == name {
			return true
		}
	}
	return false
}

func (f *fields) form(name, value string, form *regexp.Regexp, allowed string) {
	if value != "" && !form.MatchString(value) {
		f.add(name, allowed)
	}
}

func (f *fields) err() error {
	if f.bad == nil {
		return nil
	}
	return f.bad
}
