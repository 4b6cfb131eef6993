// Package session is the access of the packages that extend the driver (insert, bulk) to a
// *greptime.Conn. The driver does not know those packages. It gives them access by setting
// Open when it is initialized, and needs no exported methods for it.
package session

import (
	"context"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/metadata"

	"github.com/greptime-go/greptime/internal/tracing"
	"github.com/greptime-go/greptime/internal/transport"
)

// Open returns the present state of a connection of pool, a greptime.Pool. A later USE on
// the connection does not change the returned Session. The Session remains valid after the
// connection has been returned to its pool or closed, but not after its Connector has been
// closed. ctx bounds the wait for the pool. The error is greptime.ErrClosed, or says that
// pool has no connection of the driver.
//
// Call Open only before a write: it refuses a connection with a read-only transaction.
var Open func(ctx context.Context, pool any) (Session, error)

// Session is a connection's database, zone and credentials, as headers of requests, and
// the channels to the server. It is safe for concurrent use.
type Session interface {
	// Tracer returns the tracer of the Connector, or nil.
	Tracer() *tracing.Tracer

	// Writes counts the writes of the transaction that the connection had when Open was
	// called. It is nil if there was none. Whoever sends a write adds it before.
	Writes() *Writes

	// Database returns the session's database, as the user names it.
	Database() string

	// Channels returns the channels that all connections of the Connector share.
	Channels() *transport.Channels

	// Header returns the header of a request: database, zone, and credentials. It may
	// call Config.Credentials for the latter.
	Header(ctx context.Context) (*greptimev1.RequestHeader, error)

	// EncodedHeader returns the Header in protobuf's encoding. The caller must not modify
	// it.
	EncodedHeader(ctx context.Context) ([]byte, error)

	// Hints returns the metadata of a call: the hints of the DSN and extra, which has
	// precedence. It returns an error if the server would read one of them differently.
	// The caller must not modify the metadata.
	Hints(extra map[string]string) (metadata.MD, error)

	// MaxMessageSize returns the greatest length of a request, in bytes.
	MaxMessageSize() int

	// Limit bounds ctx by Config.Timeout if it has no deadline.
	Limit(ctx context.Context) (context.Context, context.CancelFunc)

	// Query runs a statement that may safely run twice, in the session's database. Neither
	// a USE on the connection nor its Close changes that. The caller must release the
	// result.
	Query(ctx context.Context, text string) (array.RecordReader, error)

	// ServerVersion returns the version of the server at an endpoint, as text that
	// greptime.ParseVersion accepts.
	ServerVersion(ctx context.Context, e *transport.Endpoint) (string, error)

	// Error converts an error of a call that makes the write w to a *greptime.Error. Its
	// Ambiguous reports that the server may have executed part of the write.
	Error(ctx context.Context, err error, w Write) error
}
