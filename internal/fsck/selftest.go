package fsck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// fault is something wrong that a check must find.
type fault struct {
	check string
	does  string    // for people
	sql   []string  // each must change something; may use @now
	edit  edit      // of the journal, which is sealed again; may be nil
	tell  retelling // of an outbox; may be nil
}

// faults are planted one by one; every check has at least one.
var faults = slices.Concat(userFaults, stockFaults, activityFaults, exchangeFaults, outboxFaults, accountFaults, catalogueFaults, effectFaults,
	bookFaults, journalFaults, endFaults, tableFaults)

// Summary is how a self-test went.
type Summary struct {
	Checks, Faults, Found int
	Missed                []string
}

// String is the line that programs read.
func (s Summary) String() string {
	return fmt.Sprintf("fsck-selftest checks=%d faults=%d found=%d missed=%d", s.Checks, s.Faults, s.Found, len(s.Missed))
}

// Selftest plants every fault into the traded marketplace at url, sees whether its
// check finds it, and takes it out again. What keeps such faults out of a database
// is dropped first, so url must name one that nobody needs and nobody uses.
// Errors: a database that is not clean to begin with, or lacks what a fault needs.
func Selftest(ctx context.Context, url string, w io.Writer) (Summary, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return Summary{}, fmt.Errorf("fsck selftest: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // nothing is under way
	if _, err := conn.Exec(ctx, loosen); err != nil {
		return Summary{}, fmt.Errorf("fsck selftest: drop constraints: %w", err)
	}
	s := Summary{Checks: len(catalogue)}
	o := Options{Now: clock.System{}.Now()}
	if err := beClean(ctx, conn, o); err != nil {
		return s, err
	}
	for _, f := range faults {
		s.Faults++
		caught, also, err := try(ctx, conn, f, o)
		if err != nil {
			return s, fmt.Errorf("fsck selftest: %s, %s: %w", f.check, f.does, err)
		}
		verdict := "found "
		if caught {
			s.Found++
		} else {
			verdict = "MISSED"
			s.Missed = append(s.Missed, f.check+" "+f.does)
		}
		if _, err := fmt.Fprintf(w, "%s %s %s%s\n", verdict, f.check, f.does, also); err != nil {
			return s, err
		}
	}
	s.Missed = append(s.Missed, untested()...)
	return s, beClean(ctx, conn, o)
}

// untested are the checks that no fault is for.
func untested() []string {
	var out []string
	for _, c := range catalogue {
		if !slices.ContainsFunc(faults, func(f fault) bool { return f.check == c.id }) {
			out = append(out, c.id+" has no fault")
		}
	}
	return out
}

// loosen drops every constraint but primary keys, and every other unique index:
// those of foreign keys first, because they lean on the others.
const loosen = `DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT conrelid::regclass AS tab, conname FROM pg_constraint
        WHERE connamespace = current_schema()::regnamespace AND contype IN ('f', 'c', 'u') AND conrelid <> 0
        ORDER BY contype <> 'f'
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.tab, c.conname);
    END LOOP;
    FOR c IN SELECT indexrelid::regclass AS idx FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid
        WHERE i.indisunique AND NOT i.indisprimary AND k.relnamespace = current_schema()::regnamespace
    LOOP
        EXECUTE format('DROP INDEX %s', c.idx);
    END LOOP;
    FOR c IN SELECT tgname, tgrelid::regclass AS tab FROM pg_trigger
        WHERE NOT tgisinternal AND tgrelid IN ('bids'::regclass, 'asks'::regclass, 'matches'::regclass)
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', c.tgname, c.tab);
    END LOOP;
END
$$`

// beClean refuses a database in which something is found without any fault.
func beClean(ctx context.Context, conn *pgx.Conn, o Options) error {
	return rolledBack(ctx, conn, func(tx pgx.Tx) error {
		r, err := inspect(ctx, tx, o)
		if err != nil || r.Clean() {
			return err
		}
		var b strings.Builder
		_ = r.Print(&b) // a builder never fails
		return fmt.Errorf("fsck selftest: the marketplace is not clean without a fault:\n%s", b.String())
	})
}

// try plants a fault, looks whether its check finds it and takes it back. It also
// says which other checks did.
func try(ctx context.Context, conn *pgx.Conn, f fault, o Options) (caught bool, also string, err error) {
	err = rolledBack(ctx, conn, func(tx pgx.Tx) error {
		if err := f.plant(ctx, tx, o); err != nil {
			return err
		}
		r, err := inspect(ctx, tx, o)
		if err != nil {
			return err
		}
		for _, c := range r.Checks {
			switch {
			case c.Violations == 0:
			case c.ID == f.check:
				caught = true
			default:
				also += " " + c.ID
			}
		}
		return nil
	})
	if also != "" {
		also = " (also" + also + ")"
	}
	return caught, also, err
}

// errNothing says that the database has nothing the fault could be planted in.
var errNothing = errors.New("there is nothing to plant it in")

func (f fault) plant(ctx context.Context, tx pgx.Tx, o Options) error {
	for _, statement := range f.sql {
		tag, err := tx.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol, pgx.NamedArgs{"now": o.Now})
		if err != nil {
			return err
		}
		changes := tag.Insert() || tag.Update() || tag.Delete()
		if changes && tag.RowsAffected() == 0 {
			return errNothing
		}
	}
	switch {
	case f.edit != nil:
		return rewrite(ctx, tx, f.edit)
	case f.tell != nil:
		return retell(ctx, tx, f.tell)
	}
	return nil
}

// rolledBack calls fn in a transaction whose changes nobody else ever sees.
func rolledBack(ctx context.Context, conn *pgx.Conn, fn func(pgx.Tx) error) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	return errors.Join(fn(tx), tx.Rollback(context.WithoutCancel(ctx)))
}
