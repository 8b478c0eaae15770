package user

import (
	"errors"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// Prefix begins the names of the variables that only this service reads.
const Prefix = "USER_"

const (
	minBcryptCost = 12
	maxBcryptCost = 16 // some four seconds a sign-in
)

// Config is the user service's settings; every field but DB.URL may be left out.
type Config struct {
	config.Common
	Listen               string `env:"USER_LISTEN" envDefault:"127.0.0.1:50051" doc:"gRPC address of the user service"`
	Address              string `env:"USER_ADDRESS" envDefault:"127.0.0.1:50051" doc:"where other services reach the user service"` // known here so that a .env of all services is no misspelling
	BcryptCost           int    `env:"USER_BCRYPT_COST" envDefault:"12" doc:"cost of a password hash, 12 to 16; less only with ENVIRONMENT=test"`
	RequireVerifiedEmail bool   `env:"USER_REQUIRE_VERIFIED_EMAIL" envDefault:"false" doc:"nobody signs in, nor learns that an email is taken, before it is verified"`
	DB                   database.Config
	Redis                database.RedisConfig
	Auth                 auth.Config
	RPC                  rpc.Config
}

// Validate names the variable that is wrong. Rules: USER-003, USER-004.
func (c Config) Validate() error {
	var cost error
	if c.BcryptCost > maxBcryptCost || c.BcryptCost < minBcryptCost && c.Environment != config.Test || c.BcryptCost < 4 {
		cost = config.Bad("USER_BCRYPT_COST", c.BcryptCost, "must be 12 to 16, or from 4 with ENVIRONMENT=test")
	}
	return errors.Join(cost, c.Auth.Check(c.Production(), auth.Loopback(c.Listen)))
}
