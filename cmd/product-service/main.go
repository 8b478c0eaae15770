// Command product-service serves the product service alone.
package main

import (
	"github.com/sneakers-marketplace/marketplace/internal/product"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

func main() { run.Main("product-service", product.New) }
