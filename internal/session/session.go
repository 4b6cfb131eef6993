// Package session is what the packages that extend the driver (insert, bulk) may use
// of a *greptime.Conn. The driver knows nothing of them: it gives them access by
// setting Open when it is initialized, and has no exported methods for it.
package session

import (
	"context"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/metadata"

	"github.com/greptime-go/greptime/internal/transport"
)

// Open returns the state of a connection of pool, a greptime.Pool, as it is now: a later
// USE on the connection does not change it. It stays valid after the connection went back
// to its pool or was closed, but not after its Connector was. ctx bounds the wait for the
// pool. The error is greptime.ErrClosed, or says that pool has no connection of the driver.
//
// A write is about to follow: with transactions=ignore, Open is where the
// connection's transaction learns of it.
var Open func(ctx context.Context, pool any) (Session, error)

// Session is a connection's database, zone and credentials, as headers of requests, and
// the channels to the server. It is safe for concurrent use.
type Session interface {
	// Database is the session's database, as the user knows it.
	Database() string

	// Channels are shared with every other connection of the Connector.
	Channels() *transport.Channels

	// Header is the header of a request: database, zone, and credentials, which it
	// may ask Config.Credentials for.
	Header(ctx context.Context) (*greptimev1.RequestHeader, error)

	// EncodedHeader is Header in protobuf's encoding. The caller must not change it.
	EncodedHeader(ctx context.Context) ([]byte, error)

	// Hints is the metadata of a call: the hints of the DSN and these, which win.
	// It is an error if the server would read one of them differently. The caller
	// must not change it.
	Hints(extra map[string]string) (metadata.MD, error)

	// MaxMessageSize is the longest request that can be sent, in bytes.
	MaxMessageSize() int

	// Limit bounds ctx by Config.Timeout if it has no deadline.
	Limit(ctx context.Context) (context.Context, context.CancelFunc)

	// Query runs a statement that does no harm when it runs twice, in the session's
	// database. Neither a USE on the connection nor its Close changes that. The caller
	// must release the result.
	Query(ctx context.Context, text string) (array.RecordReader, error)

	// ServerVersion returns the version of the server at an endpoint, as text that
	// greptime.ParseVersion reads.
	ServerVersion(ctx context.Context, e *transport.Endpoint) (string, error)

	// Error makes the *greptime.Error of an error of a call that makes the write w. Its
	// Ambiguous reports whether the server may have executed any of it.
	Error(ctx context.Context, err error, w Write) error
}
