package greptime

import (
	"context"
	"fmt"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/metadata"

	"github.com/greptime-go/greptime/internal/dsn"
	internalsession "github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/tracing"
	"github.com/greptime-go/greptime/internal/transport"
)

// Packages insert and bulk reach a Conn through this function. The root package does not
// know them.
func init() {
	internalsession.Open = func(ctx context.Context, pool any) (internalsession.Session, error) {
		if c, ok := pool.(*Conn); ok && c != nil {
			return c.extension(ctx)
		}
		return openPool(ctx, pool)
	}
}

// openPool returns the session of a connection of a pool.
func openPool(ctx context.Context, pool any) (s internalsession.Session, err error) {
	p, _ := pool.(Pool)
	err = Raw(ctx, p, func(c *Conn) error {
		s, err = c.extension(ctx)
		return err
	})
	return s, err
}

// extension returns the connection's session, which is about to write, for calls with ctx.
func (c *Conn) extension(ctx context.Context) (internalsession.Session, error) {
	s, err := c.sessionFor(ctx)
	if err != nil {
		return nil, err
	}
	writes, err := s.writes()
	if err != nil {
		return nil, err
	}
	return &extension{session: s, writes: writes}, nil
}

// extension is what the packages that extend a Conn get of it: the session that it had when
// they asked for it.
type extension struct {
	session session
	writes  *internalsession.Writes
}

var _ internalsession.Session = (*extension)(nil)

func (x *extension) Tracer() *tracing.Tracer         { return x.session.client.tracer }
func (x *extension) Writes() *internalsession.Writes { return x.writes }
func (x *extension) Database() string                { return x.session.database }
func (x *extension) Channels() *transport.Channels   { return x.session.client.channels }
func (x *extension) MaxMessageSize() int             { return x.session.client.cfg.MaxMessageSize }

func (x *extension) Header(ctx context.Context) (*greptimev1.RequestHeader, error) {
	return x.session.header(ctx)
}

func (x *extension) EncodedHeader(ctx context.Context) ([]byte, error) {
	return x.session.encodedHeader(ctx)
}

func (x *extension) Hints(extra map[string]string) (metadata.MD, error) {
	if len(extra) == 0 {
		return x.session.metadata(), nil
	}
	if err := dsn.CheckHints(extra); err != nil {
		return nil, fmt.Errorf("greptime: hints: %w", err)
	}
	return x.session.client.callHints(x.session.hints, extra), nil
}

func (x *extension) Limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return x.session.client.limit(ctx)
}

func (x *extension) Query(ctx context.Context, text string) (array.RecordReader, error) {
	st := statement{text: text, readOnly: true}
	if script, err := sqltext.Parse(text); err == nil && len(script.Statements) == 1 {
		st.kind, st.endsWithMetrics = script.Statements[0].Kind, script.Statements[0].StreamsMetrics()
	}
	return x.session.run(ctx, st)
}

func (x *extension) ServerVersion(ctx context.Context, e *transport.Endpoint) (string, error) {
	v, err := x.session.endpointVersion(ctx, e)
	return v.String(), err
}

func (x *extension) Error(ctx context.Context, err error, w internalsession.Write) error {
	return x.session.writeError(ctx, err, w)
}
