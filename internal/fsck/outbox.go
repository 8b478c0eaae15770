package fsck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// outboxes are the tables in which services write what they tell others, by service.
var outboxes = []string{"user", "product"}

// told is an event of an outbox, with what its message says in columns, so that queries
// can compare it with the tables.
type told struct {
	Seq  int64     `json:"seq"`
	At   time.Time `json:"at"`
	Kind string    `json:"kind"` // the full name of its message

	Account  *id.UUID  `json:"account,omitempty"`
	Version  int64     `json:"version"`
	Roles    []string  `json:"roles,omitempty"`
	Sessions []id.UUID `json:"sessions,omitempty"`
	Reason   string    `json:"reason"`

	Product *id.UUID `json:"product,omitempty"`
	Name    string   `json:"name"`
	SKU     string   `json:"sku"`
	Status  string   `json:"status"`
	Deleted bool     `json:"deleted"`
	Size    *id.UUID `json:"size,omitempty"`
	Label   string   `json:"label"`
	System  string   `json:"system"`
}

// The outboxes as queries read them.
const (
	userEvents = `json_to_recordset(@user_events::json) AS e (seq bigint, at timestamptz, kind text, account uuid, version bigint,
		roles text[], sessions uuid[], reason text)`
	productEvents = `json_to_recordset(@product_events::json) AS e (seq bigint, at timestamptz, kind text, product uuid, version bigint,
		name text, sku text, status text, deleted boolean, size uuid, label text, system text)`
)

// outboxes reads what was told and hands it to the queries that come after.
func (i *inspection) outboxes(ctx context.Context) error {
	for _, service := range outboxes {
		events, err := i.outbox(ctx, service)
		if err != nil {
			return err
		}
		text, err := json.Marshal(events)
		if err != nil {
			return err
		}
		i.args[service+"_events"] = string(text)
	}
	return nil
}

func (i *inspection) outbox(ctx context.Context, service string) ([]told, error) {
	rows, err := i.tx.Query(ctx, `SELECT seq, at, kind, payload FROM `+service+`_outbox ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	events := []told{}
	var e told
	var payload []byte
	_, err = pgx.ForEachRow(rows, []any{&e.Seq, &e.At, &e.Kind, &payload}, func() error {
		one := e
		if err := one.read(service, payload); err != nil {
			i.found("O02", "outbox=%s seq=%d kind=%s: %v", service, e.Seq, e.Kind, err)
		}
		one.Kind = storable(one.Kind)
		events = append(events, one)
		return nil
	})
	return events, err
}

// messageOf is an empty message of a kind that a service tells; nil when there is none.
func messageOf(service, kind string) proto.Message {
	switch service + " " + kind {
	case "user user.v1.SessionsEnded":
		return &userv1.SessionsEnded{}
	case "user user.v1.RolesChanged":
		return &userv1.RolesChanged{}
	case "user user.v1.AccountBanned":
		return &userv1.AccountBanned{}
	case "user user.v1.AccountUnbanned":
		return &userv1.AccountUnbanned{}
	case "product product.v1.ProductChanged":
		return &productv1.ProductChanged{}
	case "product product.v1.SizeAdded":
		return &productv1.SizeAdded{}
	}
	return nil
}

var (
	errKind    = errors.New("nobody knows this kind")
	errForeign = errors.New("it says more than its kind can")
)

// decode unpacks a payload. Protobuf reads almost anything as almost anything: what a
// message cannot hold is how one of another kind shows.
func decode(service, kind string, payload []byte) (proto.Message, error) {
	m := messageOf(service, kind)
	if m == nil {
		return nil, errKind
	}
	if err := proto.Unmarshal(payload, m); err != nil {
		return nil, fmt.Errorf("damaged: %w", err)
	}
	if len(m.ProtoReflect().GetUnknown()) > 0 {
		return nil, errForeign
	}
	return m, nil
}

// read fills in what the message says; what cannot be read is left out.
func (e *told) read(service string, payload []byte) error {
	m, err := decode(service, e.Kind, payload)
	if err != nil {
		return err
	}
	switch m := m.(type) {
	case *userv1.SessionsEnded:
		return e.ended(m)
	case *userv1.RolesChanged:
		for _, r := range m.GetRoles() {
			e.Roles = append(e.Roles, storable(r))
		}
		return e.named(&e.Account, m.GetUserId())
	case *userv1.AccountBanned:
		e.Version = m.GetVersion()
		return e.named(&e.Account, m.GetUserId())
	case *userv1.AccountUnbanned:
		e.Version = m.GetVersion()
		return e.named(&e.Account, m.GetUserId())
	case *productv1.ProductChanged:
		e.Version, e.Deleted, e.Status = m.GetVersion(), m.GetDeleted(), strings.ToLower(m.GetStatus().String())
		e.Name, e.SKU = storable(m.GetName()), storable(m.GetSku())
		return e.named(&e.Product, m.GetProductId())
	case *productv1.SizeAdded:
		e.Label, e.System = storable(m.GetLabel()), storable(m.GetSystem())
		return errors.Join(e.named(&e.Product, m.GetProductId()), e.named(&e.Size, m.GetSizeId()))
	}
	return errKind
}

func (e *told) ended(m *userv1.SessionsEnded) error {
	e.Reason = storable(m.GetReason())
	err := e.named(&e.Account, m.GetUserId())
	if len(m.GetSessionIds()) == 0 {
		err = errors.Join(err, errors.New("no session ended"))
	}
	for _, text := range m.GetSessionIds() {
		var session *id.UUID
		if bad := e.named(&session, text); bad != nil {
			err = errors.Join(err, bad)
			continue
		}
		e.Sessions = append(e.Sessions, *session)
	}
	return err
}

// named reads the id of what an event is about.
func (e *told) named(to **id.UUID, text string) error {
	u, err := id.Parse("id", text)
	if err != nil {
		return fmt.Errorf("%q is no id", text)
	}
	*to = &u
	return nil
}

// storable leaves out what no column of text can hold, so that comparing with one is possible.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?")
}
