package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// What is asked of several nodes.
const (
	shards        = 2
	sleepFor      = 30 * time.Second // ten times as long as a lease
	recoveryGoal  = 5 * time.Second
	handOverGoal  = 500 * time.Millisecond
	steady        = 1500 * time.Millisecond // of trading before and after a move
	impatient     = 2 * time.Second         // how long most clients wait for an answer
	patient       = sleepFor + 15*time.Second
	onePatientOf  = 8
	lookAtOwners  = 20 * time.Millisecond
	sleepersLate  = sleepFor / 2
	defaultAnswer = 10 * time.Second
)

// nodeOptions say what happens to the nodes of the exchange.
type nodeOptions struct{ kills, leaves, sleeps int }

func (o nodeOptions) wanted() bool { return o.kills > 0 }

// answerIn is how long client number i waits for an answer. A few wait long enough to hear
// from a node that slept.
func (o nodeOptions) answerIn(i int) time.Duration {
	switch {
	case !o.wanted():
		return defaultAnswer
	case i%onePatientOf == 0:
		return patient
	}
	return impatient
}

// moves is what was seen while shards moved from node to node.
type moves struct {
	kills, leaves, joins, sleeps int
	recovery                     time.Duration // longest, from a death or a falling asleep
	handOver                     time.Duration // longest time without an acknowledgement while a shard was handed over
	overslept                    int           // answers of a node that woke up
}

// failover is the drill; its last line of output says how it went.
func failover(ctx context.Context, o options) bool {
	o.layout.severalNodes, o.course = true, (*drill).moves
	s, err := perform(ctx, o, os.Stdout)
	complain(ctx, err)
	_, _ = fmt.Fprintln(os.Stdout, s.failover()) // nobody to tell when it fails
	return s.fellOver()
}

// fellOver reports whether all that was wanted was shown, and nothing else.
func (s *score) fellOver() bool {
	m, want := s.moves, s.wanted.nodes
	return s.ok() && m.kills >= want.kills && m.leaves >= want.leaves && m.sleeps >= want.sleeps &&
		m.recovery <= recoveryGoal && m.handOver <= handOverGoal && (want.sleeps == 0 || m.overslept > 0)
}

// failover is the line that programs read.
func (s *score) failover() string {
	verdict := "short"
	if s.fellOver() {
		verdict = "ok"
	}
	m := s.moves
	return fmt.Sprintf("failover kills=%d leaves=%d joins=%d sleeps=%d acknowledged=%d unknown=%d lost=%d phantoms=%d fsck_violations=%d "+
		"late_answers=%d recovery_ms_max=%d handover_ms_max=%d seconds=%d verdict=%s",
		m.kills, m.leaves, m.joins, m.sleeps, s.acknowledged, s.unknown, s.lost, s.phantoms, s.violations,
		m.overslept, m.recovery.Milliseconds(), m.handOver.Milliseconds(), int64(s.seconds.Seconds()), verdict)
}

// moves kills nodes, tells them to stop and puts them to sleep, one after the other, while
// clients trade at both, and checks everything after each.
func (d *drill) moves(ctx context.Context) error {
	var steps []func(context.Context, int) error
	for range d.options.nodes.kills {
		steps = append(steps, d.killNode)
	}
	for range d.options.nodes.leaves {
		steps = append(steps, d.stopNode)
	}
	for range d.options.nodes.sleeps {
		steps = append(steps, d.sleepNode)
	}
	if _, err := d.even(ctx); err != nil {
		return err
	}
	for i, step := range steps {
		d.say("%3d of %d", i+1, len(steps))
		if err := d.move(ctx, func(ctx context.Context) error { return step(ctx, i%len(d.nodes)) }); err != nil || d.keep {
			return err
		}
	}
	return nil
}

// move has the clients trade while something happens, and checks what they were told.
func (d *drill) move(ctx context.Context, what func(context.Context) error) error {
	s, err := d.load.begin(ctx, d.issuer)
	if err != nil {
		return err
	}
	defer s.cut()
	err = pause(ctx, steady)
	if err == nil {
		err = what(ctx)
	}
	if err == nil {
		err = pause(ctx, steady)
	}
	if err != nil {
		d.keep = ctx.Err() == nil
		s.cut()
		return errors.Join(err, ignoreCancel(s.end()))
	}
	if err := s.end(); err != nil {
		d.keep = errors.Is(err, errHangs)
		return err
	}
	return d.check(ctx)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-clock.System{}.After(d):
		return nil
	}
}

// killNode kills a node, waits until the other serves its shard and starts it again.
func (d *drill) killNode(ctx context.Context, n int) error {
	p := d.load.feel(0)
	if err := d.nodes[n].kill(); err != nil {
		return err
	}
	took, err := d.recovered(ctx, p)
	if err != nil {
		return err
	}
	d.score.moves.kills++
	d.score.moves.recovery = max(d.score.moves.recovery, took)
	d.say("          node %d killed: every shard acknowledges again after %d ms", n+1, took.Milliseconds())
	return d.join(ctx, n)
}

// recovered waits until every shard acknowledges what was asked for since p began.
func (d *drill) recovered(ctx context.Context, p *pulse) (time.Duration, error) {
	for began := clock.Monotonic(); clock.Since(began) < patience; {
		if took, ok := p.all(); ok {
			return took, nil
		}
		if err := pause(ctx, lookAtOwners); err != nil {
			return 0, err
		}
	}
	return 0, errors.New("a shard acknowledges nothing any more")
}

// join starts a node and waits until it has a shard, which the other one hands over.
func (d *drill) join(ctx context.Context, n int) error {
	p := d.load.feel(0)
	if err := d.nodes[n].start(ctx); err != nil {
		return err
	}
	if err := d.joined(ctx, p, fmt.Sprintf("node %d came back", n+1)); err != nil {
		return err
	}
	d.score.moves.joins++
	return nil
}

// joined waits until both nodes have a shard, and notes for how long one was silent.
func (d *drill) joined(ctx context.Context, p *pulse, what string) error {
	took, err := d.even(ctx)
	if err != nil {
		return err
	}
	if err := pause(ctx, steady); err != nil {
		return err
	}
	gap := p.longest()
	d.score.moves.handOver = max(d.score.moves.handOver, gap)
	d.say("          %s: it had a shard after %d ms; nothing was acknowledged for at most %d ms", what, took.Milliseconds(), gap.Milliseconds())
	return nil
}

// stopNode tells a node to stop, which hands its shard over, and starts it again.
func (d *drill) stopNode(ctx context.Context, n int) error {
	p := d.load.feel(0)
	if err := d.nodes[n].stop(); err != nil {
		return err
	}
	if err := pause(ctx, steady); err != nil {
		return err
	}
	gap := p.longest()
	d.score.moves.leaves++
	d.score.moves.handOver = max(d.score.moves.handOver, gap)
	d.say("          node %d was told to stop; nothing was acknowledged for at most %d ms", n+1, gap.Milliseconds())
	return d.join(ctx, n)
}

// sleepNode stops a node's clock, so to speak, for much longer than its lease, and wakes it.
func (d *drill) sleepNode(ctx context.Context, n int) error {
	p := d.load.feel(0)
	slept := clock.Monotonic()
	if err := d.nodes[n].signal(syscall.SIGSTOP); err != nil {
		return err
	}
	took, err := d.recovered(ctx, p)
	if err == nil {
		d.score.moves.recovery = max(d.score.moves.recovery, took)
		d.say("          node %d sleeps: every shard acknowledges again after %d ms", n+1, took.Milliseconds())
		err = pause(ctx, sleepFor-clock.Since(slept))
	}
	p = d.load.feel(sleepersLate)
	if err = errors.Join(err, d.nodes[n].signal(syscall.SIGCONT)); err != nil {
		return err
	}
	if err := d.joined(ctx, p, fmt.Sprintf("node %d woke up", n+1)); err != nil {
		return err
	}
	d.score.moves.sleeps++
	d.score.moves.overslept += p.overslept()
	d.say("          it answered %d calls that had come before it fell asleep", p.overslept())
	return nil
}

// even waits until both nodes hold a shard.
func (d *drill) even(ctx context.Context) (time.Duration, error) {
	conn, err := pgx.Connect(ctx, d.postgres.server.URL())
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	for began := clock.Monotonic(); clock.Since(began) < patience; {
		var owners int
		err := conn.QueryRow(ctx, `SELECT count(DISTINCT owner) FROM bidding_shards WHERE owner <> '' AND expires_at > clock_timestamp()`).Scan(&owners)
		if err != nil {
			return 0, err
		}
		if owners == len(d.nodes) {
			return clock.Since(began), nil
		}
		if err := pause(ctx, lookAtOwners); err != nil {
			return 0, err
		}
	}
	return 0, errors.New("one node holds every shard although there are two")
}
