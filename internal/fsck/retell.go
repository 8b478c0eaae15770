package fsck

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
)

// retelling changes the message of one event; false leaves it alone.
type retelling func(m proto.Message) bool

// inTold is a retelling of the newest message of a kind that change takes.
func inTold[M proto.Message](change func(m M) bool) retelling {
	return func(m proto.Message) bool {
		one, ok := m.(M)
		return ok && change(one)
	}
}

// retell writes the newest event that change takes again, past the guards of its table.
func retell(ctx context.Context, tx pgx.Tx, change retelling) error {
	for _, service := range outboxes {
		seq, payload, err := retold(ctx, tx, service, change)
		if err != nil {
			return err
		}
		if payload == nil {
			continue
		}
		table := service + "_outbox"
		_, off := tx.Exec(ctx, unlock(table))
		_, err = tx.Exec(ctx, `UPDATE `+table+` SET payload = $2 WHERE seq = $1`, seq, payload)
		_, on := tx.Exec(ctx, relock(table))
		return errors.Join(off, err, on)
	}
	return errNothing
}

// retold finds the event to change and says what it becomes; nil when there is none.
func retold(ctx context.Context, tx pgx.Tx, service string, change retelling) (seq int64, out []byte, err error) {
	rows, err := tx.Query(ctx, `SELECT seq, kind, payload FROM `+service+`_outbox ORDER BY seq DESC`)
	if err != nil {
		return 0, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		var payload []byte
		if err := rows.Scan(&seq, &kind, &payload); err != nil {
			return 0, nil, err
		}
		m, err := decode(service, kind, payload)
		if err != nil {
			return 0, nil, err
		}
		if change(m) {
			out, err := proto.Marshal(m)
			return seq, out, err
		}
	}
	return 0, nil, rows.Err()
}
