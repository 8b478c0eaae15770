package cluster

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// Server is what a node does for the others; it implements biddingv1.NodeServiceServer.
type Server struct {
	biddingv1.UnimplementedNodeServiceServer
	local *engine.Engine
	log   zerolog.Logger
}

// NewServer returns the server of one node's engine.
func NewServer(local *engine.Engine, log zerolog.Logger) *Server {
	return &Server{local: local, log: log}
}

// Serve adds it to a server.
func (s *Server) Serve(r grpc.ServiceRegistrar) { biddingv1.RegisterNodeServiceServer(r, s) }

// Carry implements the RPC.
func (s *Server) Carry(stream grpc.BidiStreamingServer[biddingv1.CarryRequest, biddingv1.CarryResponse]) error {
	var answering sync.WaitGroup
	defer answering.Wait()
	var sending sync.Mutex
	ctx := stream.Context()
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		commands, err := unpackCommands(r.GetCommands())
		if err != nil {
			return errs.Invalid("commands", "must be entries of the journal that this node can read").Because(err)
		}
		pending := s.local.Hand(ctx, uint8(r.GetShard()), commands) //nolint:gosec // checked by the proto's rule
		answering.Go(func() {
			out := &biddingv1.CarryResponse{Id: r.GetId(), Results: s.results(ctx, pending)}
			sending.Lock()
			defer sending.Unlock()
			_ = stream.Send(out) // when it fails, so does Recv
		})
	}
}

func (s *Server) results(ctx context.Context, pending engine.Pending) []*biddingv1.NodeResult {
	results := pending.Wait(ctx)
	for i := range results {
		if err := results[i].Err; err != nil && errs.KindOf(err) == errs.Internal && ctx.Err() == nil {
			s.log.Error().Err(err).Msg("a command of another node failed")
		}
	}
	return packResults(ctx, results)
}

// Watch implements the RPC.
func (s *Server) Watch(r *biddingv1.WatchRequest, stream grpc.ServerStreamingServer[biddingv1.WatchResponse]) error {
	var u unpacker
	unopened := &engine.View{Market: u.market(r.GetUnopened())}
	market := u.uuid(r.GetMarket())
	if u.err != nil {
		return errs.Invalid("unopened", "must be a market that this node can read").Because(u.err)
	}
	w := model.Watch{After: r.GetAfter(), Levels: int(r.GetLevels())}
	return s.local.Watch(stream.Context(), market, w, unopened, func(u *model.FeedUpdate) error { return stream.Send(packUpdate(u)) })
}

// Look implements the RPC.
func (s *Server) Look(_ context.Context, r *biddingv1.LookRequest) (*biddingv1.LookResponse, error) {
	market, err := id.FromBytes(r.GetMarket())
	if err != nil {
		return nil, errs.Invalid("market", "must have 16 bytes").Because(err)
	}
	v, err := s.local.View(market)
	if err != nil {
		return nil, err
	}
	p, err := s.local.Price(market)
	if err != nil {
		return nil, err
	}
	return packView(v, &p), nil
}
