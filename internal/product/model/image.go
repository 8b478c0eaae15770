package model

import (
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// MaxImages is how many images a product can have.
const MaxImages = 100

const maxURLBytes = 2000

// Image is a picture of a product, kept by its address (PROD-002).
type Image struct {
	ID        id.UUID
	ProductID id.UUID
	URL       string
	Alt       string // what the picture shows, for those who cannot see it
	Primary   bool   // exactly one per product that has images
	Position  int32  // from 1 up
	CreatedAt time.Time
}

// Normalize trims the texts and checks the address.
// Errors: InvalidArgument naming url or alt. Rule: PROD-002.
func (i *Image) Normalize() error {
	if err := Line("alt", &i.Alt, 200); err != nil {
		return err
	}
	if err := Line("url", &i.URL, maxURLBytes); err != nil {
		return err
	}
	if !safeURL(i.URL) {
		return errs.Invalid("url",
			"must be an https address (http on this machine alone), without user name, of at most 2000 bytes")
	}
	return nil
}

// safeURL reports whether a browser may be sent to s: no script, no credentials, nothing in clear over a network.
func safeURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURLBytes || strings.ContainsAny(s, " \\\"<>") {
		return false
	}
	if u.Hostname() == "" || u.User != nil || u.Opaque != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
