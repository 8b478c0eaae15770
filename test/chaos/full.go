package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

const silence = 2 * time.Second // without an acknowledgement: the disk is full

// fills is the course in which PostgreSQL's disk fills up while everybody trades on, and is
// given room again. There is no room for the tables, and every second time none for the log
// of changes either, which PostgreSQL does not survive.
func (d *drill) fills(ctx context.Context) error {
	for n := range d.options.fills {
		if err := d.move(ctx, func(ctx context.Context) error { return d.fillOnce(ctx, n) }); err != nil || d.keep {
			return err
		}
	}
	return nil
}

// fillOnce fills the disk, sees the exchange refuse, makes room and sees it resume.
func (d *drill) fillOnce(ctx context.Context, n int) error {
	if err := d.disk.fill(); err != nil {
		return err
	}
	if err := d.silenced(ctx); err != nil {
		return err
	}
	if n%2 == 1 {
		if err := d.exhaustLog(ctx); err != nil {
			return err
		}
	}
	unsure := d.load.unknown.Load()
	if err := pause(ctx, silence); err != nil {
		return err
	}
	refused := d.load.unknown.Load() - unsure
	if err := d.disk.free(); err != nil {
		return err
	}
	took, err := d.recovered(ctx, d.load.feel(0))
	if err != nil {
		return err
	}
	d.score.resumed = max(d.score.resumed, took)
	if refused > 0 {
		d.score.fills++
	}
	d.say("%3d of %d  the disk was full: %d calls were refused in %s; with room again it resumed in %d ms",
		n+1, d.options.fills, refused, silence, took.Milliseconds())
	return nil
}

// silenced waits until nothing has been acknowledged for a while.
func (d *drill) silenced(ctx context.Context) error {
	last, since := d.load.acknowledged.Load(), clock.Monotonic()
	for began := since; clock.Since(began) < patience; {
		if err := pause(ctx, again); err != nil {
			return err
		}
		if now := d.load.acknowledged.Load(); now != last {
			last, since = now, clock.Monotonic()
		}
		if clock.Since(since) > silence {
			return nil
		}
	}
	return errors.New("orders are acknowledged although the disk is full")
}

// segments is more than PostgreSQL keeps ready of its log on a disk of this size.
const segments = diskSize / (16 << 20)

// exhaustLog uses up what PostgreSQL has ready of its log of changes, until it ends because
// there is no room for more.
func (d *drill) exhaustLog(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, d.postgres.server.URL())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it is lost by then
	for range segments {
		if _, err := conn.Exec(ctx, "SELECT pg_logical_emit_message(false, 'drill', 'x'), pg_switch_wal()"); err != nil {
			d.say("          postgresql ended: no room for its log")
			return ctx.Err()
		}
	}
	return errors.New("the log of changes finds room on a full disk")
}

// canMount reports whether there can be a disk for the drill, and why not.
func canMount(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "marketplace-disk-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	d, err := mountDisk(ctx, dir+"/disk")
	if err != nil {
		return err
	}
	return d.unmount()
}
