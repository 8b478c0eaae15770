package model

import "github.com/sneakers-marketplace/marketplace/pkg/errs"

// Limits of an import (PROD-007).
const (
	MaxImportRows   = 250_000
	MaxImportErrors = 1000 // reported; the others are counted
)

// ErrImportLimit refuses a file that is too long; what came before its end is imported.
var ErrImportLimit = errs.New(errs.ResourceExhausted, "IMPORT_LIMIT", "an import has at most 250000 rows")

// Report is what an import did, or a dry run would do, row by row (PROD-007).
type Report struct {
	Rows, Created, Updated, Unchanged, Failed int64
	Errors                                    []RowError // of the first MaxImportErrors that failed
}

// RowError says why a row was refused.
type RowError struct {
	Row         int64 // as its file counts
	SKU         string
	Field       string // blank when it is none alone
	Description string
}
