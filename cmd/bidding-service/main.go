// Command bidding-service serves the bidding service alone.
package main

import (
	"github.com/sneakers-marketplace/marketplace/internal/bidding"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

func main() { run.Main("bidding-service", bidding.New) }
