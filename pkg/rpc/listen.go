package rpc

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// listenTCP binds an address. Errors name the variable, the address and what to do.
func listenTCP(variable, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address) //nolint:noctx // binding is immediate
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s=%q: the port is in use by another program; stop it or choose another address", variable, address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s=%q: not allowed to listen there; choose a port above 1023", variable, address)
	}
	return nil, fmt.Errorf("%s=%q: must be host:port of this machine: %w", variable, address, err)
}
