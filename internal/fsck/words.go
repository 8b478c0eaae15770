package fsck

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// The journal's enumerations as tables write them; the first stands for none.
var (
	sides      = []string{"", "bid", "ask"}
	statuses   = []string{"", "active", "partially_matched", "matched", "cancelled", "expired", "rejected"}
	orderTypes = []string{"", "limit", "ioc", "fok", "post_only"}
	selfTrades = []string{"", "cancel_newest", "cancel_oldest", "cancel_both"}
	states     = []string{"", "open", "post_only", "halted"}
	priceRules = []string{"", "seller_ask", "resting"}
)

func word(list []string, v int32) string {
	if v > 0 && int(v) < len(list) {
		return list[v]
	}
	return fmt.Sprintf("unknown(%d)", v)
}

// instant is a time in microseconds since 1970; 0 stands for none.
type instant int64

func instantOf(t time.Time) instant {
	if t.IsZero() {
		return 0
	}
	return instant(t.UnixMicro())
}

// String is the time in UTC.
func (t instant) String() string {
	if t == 0 {
		return "none"
	}
	return time.UnixMicro(int64(t)).UTC().Format("2006-01-02T15:04:05.000000Z")
}

const day = instant(24 * time.Hour / time.Microsecond)

// differences names the fields in which a row is not what the journal says.
func differences[T comparable](table, journal T) string {
	var out []string
	t, j := reflect.ValueOf(table), reflect.ValueOf(journal)
	for n := range t.NumField() {
		if a, b := t.Field(n).Interface(), j.Field(n).Interface(); a != b {
			out = append(out, fmt.Sprintf("%s=%v journal=%v", t.Type().Field(n).Name, a, b))
		}
	}
	return strings.Join(out, " ")
}

func isNone(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
