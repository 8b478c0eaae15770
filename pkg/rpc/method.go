package rpc

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	accessv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/access/v1"
)

// method is what the server looks up once per call; all of it is made at the start.
type method struct {
	name           string // "/user.v1.UserService/Login"
	infrastructure bool   // health or reflection
	public         bool
	self           bool
	roles          []auth.Role
	services       []string
	reads          bool        // changes nothing
	refused        *errs.Error // for an account or a service that the rule does not name
	stats          *methodStats
}

// infrastructure are the services that are not ours: health and reflection are public.
func infrastructure(service string) bool {
	return strings.HasPrefix(service, "grpc.health.") || strings.HasPrefix(service, "grpc.reflection.")
}

// newMethod reads the access rule of a method from its proto. A method without a rule,
// or with one that contradicts itself, is an error (AUTH-002).
func newMethod(service, name string) (*method, protoreflect.MessageDescriptor, error) {
	m := &method{name: "/" + service + "/" + name}
	if infrastructure(service) {
		m.infrastructure, m.public = true, true
		return m, nil, nil
	}
	desc, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service + "." + name))
	if err != nil {
		return nil, nil, fmt.Errorf("method %s: %w", m.name, err)
	}
	md, ok := desc.(protoreflect.MethodDescriptor)
	if !ok {
		return nil, nil, fmt.Errorf("method %s: its descriptor is no method", m.name)
	}
	rule, _ := proto.GetExtension(md.Options(), accessv1.E_Rule).(*accessv1.Rule)
	if err := m.apply(rule); err != nil {
		return nil, nil, fmt.Errorf("method %s: %w", m.name, err)
	}
	options, _ := md.Options().(*descriptorpb.MethodOptions)
	m.reads = options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
	return m, md.Input(), nil
}

func (m *method) apply(rule *accessv1.Rule) error {
	others := len(rule.GetRoles()) + len(rule.GetServices())
	switch {
	case !rule.GetPublic() && !rule.GetSelf() && others == 0:
		return fmt.Errorf("has no access rule")
	case rule.GetPublic() && (rule.GetSelf() || others > 0):
		return fmt.Errorf("its access rule is public and something else")
	}
	m.public, m.self, m.services = rule.GetPublic(), rule.GetSelf(), rule.GetServices()
	for _, r := range rule.GetRoles() {
		m.roles = append(m.roles, auth.Role(r))
	}
	m.refused = errs.New(errs.PermissionDenied, "SERVICE_REQUIRED", "this method is for other services only")
	if len(m.roles) > 0 {
		m.refused = errs.New(errs.PermissionDenied, "ROLE_REQUIRED", "needs one of the roles "+strings.Join(rule.GetRoles(), ", "))
	}
	return nil
}

// admits decides whether a verified account may call the method, or the service that
// calls for it, if there is one.
func (m *method) admits(claims *auth.Claims, service string) error {
	if m.public || m.self || claims.Has(m.roles...) || m.names(service) {
		return nil
	}
	return m.refused
}

// admitsNobody decides about a call without an access token, made by a service or by a stranger.
func (m *method) admitsNobody(service string) error {
	switch {
	case m.public || m.names(service):
		return nil
	case service != "" && !m.self:
		return m.refused
	}
	return errTokenMissing
}

// names reports whether the rule names the service.
func (m *method) names(service string) bool {
	return service != "" && slices.Contains(m.services, service)
}

// catalogue passes registrations on to the gRPC server and notes what is registered.
type catalogue struct {
	server   *grpc.Server
	services []*grpc.ServiceDesc
}

// RegisterService implements grpc.ServiceRegistrar.
func (c *catalogue) RegisterService(desc *grpc.ServiceDesc, impl any) {
	c.services = append(c.services, desc)
	c.server.RegisterService(desc, impl)
}

// methods makes the table of every registered method and the list of their requests.
func (c *catalogue) methods() (map[string]*method, []protoreflect.MessageDescriptor, error) {
	table := map[string]*method{}
	var inputs []protoreflect.MessageDescriptor
	for _, svc := range c.services {
		for _, name := range methodNames(svc) {
			m, input, err := newMethod(svc.ServiceName, name)
			if err != nil {
				return nil, nil, err
			}
			table[m.name] = m
			if input != nil {
				inputs = append(inputs, input)
			}
		}
	}
	return table, inputs, nil
}

func methodNames(svc *grpc.ServiceDesc) []string {
	var names []string
	for _, m := range svc.Methods {
		names = append(names, m.MethodName)
	}
	for _, s := range svc.Streams {
		names = append(names, s.StreamName)
	}
	return names
}
