package rpc

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

// Mask returns the fields an update names.
// Errors: InvalidArgument naming update_mask when it is empty or names a field that is not in allowed.
func Mask(m *fieldmaskpb.FieldMask, allowed ...string) (map[string]bool, error) {
	must := "must name some of " + strings.Join(allowed, ", ")
	if len(m.GetPaths()) == 0 {
		return nil, errs.Invalid("update_mask", must)
	}
	out := make(map[string]bool, len(m.GetPaths()))
	for _, p := range m.GetPaths() {
		if !slices.Contains(allowed, p) {
			return nil, errs.Invalid("update_mask", must)
		}
		out[p] = true
	}
	return out, nil
}
