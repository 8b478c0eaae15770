// Package app is the one place that knows every service: it builds them by
// name, starts all of them in one process over one database, and holds what
// the marketplace command does around them.
package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sneakers-marketplace/marketplace/internal/bidding"
	"github.com/sneakers-marketplace/marketplace/internal/product"
	"github.com/sneakers-marketplace/marketplace/internal/user"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// Target is a service that can be served, alone or with others.
type Target struct {
	Name    string    // as in serve --target
	Service string    // full gRPC name
	Build   run.Build // starts it
	listen  string    // default address
}

// Targets returns every service in the order they start.
func Targets() []Target {
	return []Target{
		{"user", "user.v1.UserService", user.New, "127.0.0.1:50051"},
		{"product", "product.v1.ProductService", product.New, "127.0.0.1:50052"},
		{"bidding", "bidding.v1.BiddingService", bidding.New, "127.0.0.1:50053"},
	}
}

// ListenVariable names the variable that moves the service to another address.
func (t Target) ListenVariable() string { return strings.ToUpper(t.Name) + "_LISTEN" }

// Listen is the address the service listens on.
func (t Target) Listen(src config.Source) string {
	if set, ok := src[t.ListenVariable()]; ok {
		return set
	}
	return t.listen
}

// DatabaseURL is where the service keeps its tables; blank when nobody said.
func (t Target) DatabaseURL(src config.Source) string {
	if own := src[strings.ToUpper(t.Name)+"_DATABASE_URL"]; own != "" {
		return own
	}
	return src["DATABASE_URL"]
}

// Select returns the targets named in a comma-separated list, in starting
// order; "all" names every one. Errors name what is unknown and what there is.
func Select(list string) ([]Target, error) {
	all := Targets()
	if list == "all" {
		return all, nil
	}
	wanted := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	var out []Target
	for _, t := range all {
		if slices.Contains(wanted, t.Name) {
			out = append(out, t)
		}
	}
	for _, name := range wanted {
		if !slices.ContainsFunc(all, func(t Target) bool { return t.Name == name }) {
			return nil, fmt.Errorf("unknown target %q: choose from user, product, bidding or all", name)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no target given: choose from user, product, bidding or all, such as --target=user,product")
	}
	return out, nil
}

// databases are the different databases the targets use; blank ones left out.
func databases(src config.Source, targets []Target) []string {
	var urls []string
	for _, t := range targets {
		if url := t.DatabaseURL(src); url != "" && !slices.Contains(urls, url) {
			urls = append(urls, url)
		}
	}
	return urls
}
