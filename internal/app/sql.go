package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Query runs one statement in a read-only transaction and writes its rows to w,
// columns separated by tabs, NULL as \N, as psql -At does with COPY's escapes.
// With header the first line names the columns.
func Query(ctx context.Context, url, statement string, header bool, w io.Writer) error {
	settle(ctx, url)
	conn, err := connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it read only
	// Text format: every type, known to the driver or not, as the server prints it.
	rows, err := tx.Query(ctx, statement, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	defer rows.Close()
	out := bufio.NewWriter(w)
	if header {
		writeHeader(out, rows)
	}
	for rows.Next() {
		writeRow(out, rows.RawValues())
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return out.Flush()
}

// settlePatience is how long a query waits for the tables to show what was answered before.
const settlePatience = time.Second

// settle lets the tables follow the journal, as far as there are any.
func settle(ctx context.Context, url string) {
	wait, cancel := context.WithTimeout(ctx, settlePatience)
	defer cancel()
	_ = Settled(wait, url) // a database without them is asked all the same
}

func writeHeader(out *bufio.Writer, rows pgx.Rows) {
	for i, field := range rows.FieldDescriptions() {
		if i > 0 {
			_ = out.WriteByte('\t') // Flush tells
		}
		_, _ = out.WriteString(field.Name)
	}
	_ = out.WriteByte('\n')
}

var escapes = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

func writeRow(out *bufio.Writer, values [][]byte) {
	for i, v := range values {
		if i > 0 {
			_ = out.WriteByte('\t') // Flush tells
		}
		if v == nil {
			_, _ = out.WriteString(`\N`)
			continue
		}
		_, _ = out.WriteString(escapes.Replace(string(v)))
	}
	_ = out.WriteByte('\n')
}
