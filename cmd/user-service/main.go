// Command user-service serves the user service alone.
package main

import (
	"github.com/sneakers-marketplace/marketplace/internal/user"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

func main() { run.Main("user-service", user.New) }
