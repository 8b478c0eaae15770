package model

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

// Line trims a one-line text in place and refuses control characters and more than limit characters.
// Errors: InvalidArgument naming the field.
func Line(field string, text *string, limit int) error {
	return clean(field, text, limit, unicode.IsControl)
}

// Prose is Line for a text that may hold line breaks and tabs.
func Prose(field string, text *string, limit int) error {
	return clean(field, text, limit, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	})
}

func clean(field string, text *string, limit int, bad func(rune) bool) error {
	*text = strings.TrimSpace(*text)
	switch {
	case !utf8.ValidString(*text) || strings.ContainsFunc(*text, bad):
		return errs.Invalid(field, "must be text without control characters")
	case utf8.RuneCountInString(*text) > limit:
		return errs.Invalid(field, fmt.Sprintf("must have at most %d characters", limit))
	}
	return nil
}

// ParseDate reads YYYY-MM-DD as midnight UTC; blank is the zero time.
// Errors: InvalidArgument naming the field.
func ParseDate(field, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil || day.Year() < 1900 || day.Year() > 2200 {
		return time.Time{}, errs.Invalid(field, "must be a day as YYYY-MM-DD, from 1900 to 2200")
	}
	return day, nil
}

// FormatDate is the inverse of ParseDate.
func FormatDate(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return day.Format(time.DateOnly)
}
