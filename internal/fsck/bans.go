package fsck

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
)

// banKey is an account in a shard: each shard is told of a ban on its own.
type banKey struct {
	shard   int16
	account id.UUID
}

// banRow is a row of bidding_bans.
type banRow struct {
	Version   int64
	Lifted    bool
	UpdatedAt instant
}

// ban notes that an account was banned in the shard, or that its ban was lifted.
func (a *act) ban(v *journalv1.Ban) {
	account, ok := a.uuid(v.GetAccount())
	if !ok {
		return
	}
	key := banKey{a.number, account}
	if before := a.banned[key]; v.GetVersion() <= before.Version {
		a.found("J15", "%s: account %s: version %d after %d", a.at, account, v.GetVersion(), before.Version)
	}
	a.banned[key] = banRow{v.GetVersion(), v.GetLifted(), a.row.at}
	a.stopped[account] = true
}

// relist notes what the catalogue said of the market's product.
func (a *act) relist(v *journalv1.ChangeListing) {
	m := a.market
	if v.GetVersion() <= m.ListingVersion {
		a.found("J13", "%s: market %s: listing version %d after %d", a.at, m.ID, v.GetVersion(), m.ListingVersion)
	}
	m.ProductName, m.SKU, m.ListingVersion, m.Listed = v.GetProductName(), v.GetSku(), v.GetVersion(), !v.GetDelisted()
}

// wasAllowed checks that neither a banned account nor anybody in a delisted market placed an order.
func (a *act) wasAllowed(o *order) {
	if b, ok := a.banned[banKey{a.number, o.User}]; ok && !b.Lifted {
		a.found("J15", "%s: order %d of account %s, which was banned", a.at, o.ID, o.User)
	}
	if !a.market.Listed {
		a.found("J08", "%s: order %d in market %s, whose product had left the catalogue", a.at, o.ID, a.market.ID)
	}
}

// compareBans compares the table of bans with the journal.
func (x *exchange) compareBans(ctx context.Context) error {
	rows, err := x.tx.Query(ctx, `SELECT shard, account_id, version, lifted, updated_at FROM bidding_bans`)
	if err != nil {
		return err
	}
	var key banKey
	var b banRow
	var at time.Time
	have := make(map[banKey]bool, len(x.banned))
	_, err = pgx.ForEachRow(rows, []any{&key.shard, &key.account, &b.Version, &b.Lifted, &at}, func() error {
		b.UpdatedAt = instantOf(at)
		have[key] = true
		switch want, known := x.banned[key]; {
		case !known:
			x.found("J15", "shard=%d account=%s is not in the journal", key.shard, key.account)
		case want != b:
			x.found("J15", "shard=%d account=%s: %s", key.shard, key.account, differences(b, want))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for key := range x.banned {
		if !have[key] {
			x.found("J15", "shard=%d account=%s of the journal is missing", key.shard, key.account)
		}
	}
	return nil
}
