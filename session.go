package greptime

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/internal/dsn"
	internalsession "github.com/greptime-go/greptime/internal/session"
)

// session is what GreptimeDB's other protocols keep on the server: every request carries it.
// It is a value: it does not change when its Conn does.
type session struct {
	client   *client
	database string // as users write it
	timeZone string // as the header has it
	loc      *time.Location
	hints    map[string]string // of a call, beside the DSN's
	tx       *transaction      // the open one, with transactions=ignore
}

// session returns a new session, which is the DSN's.
func (c *client) session() session {
	return session{client: c, database: c.cfg.Database, timeZone: c.cfg.TimeZone, loc: c.loc}
}

// with returns the session for a call with ctx.
func (s session) with(ctx context.Context) (session, error) {
	if zone, ok := ctx.Value(timeZoneKey{}).(*timeZone); ok {
		if zone.err != nil {
			return session{}, fmt.Errorf("greptime: WithTimeZone: %w", zone.err)
		}
		s.timeZone, s.loc = zone.name, zone.loc
	}
	if hints, ok := ctx.Value(hintsKey{}).(map[string]string); ok {
		if err := dsn.CheckHints(hints); err != nil {
			return session{}, fmt.Errorf("greptime: WithHints: %w", err)
		}
		s.hints = hints
	}
	return s, nil
}

// metadata returns the metadata of a call.
func (s session) metadata() metadata.MD {
	if len(s.hints) == 0 {
		return s.client.hints
	}
	return s.client.callHints(s.hints)
}

// nativeMetadata returns the metadata of a native insert in place of an INSERT.
func (s session) nativeMetadata() metadata.MD {
	if len(s.hints) == 0 {
		return s.client.nativeHints
	}
	return s.client.callHints(s.hints, nativeHints)
}

// hasHint reports whether calls have a hint.
func (s session) hasHint(key string) bool {
	_, ofDSN := s.client.cfg.Hints[key]
	_, ofCall := s.hints[key]
	return ofDSN || ofCall
}

// timeZoneKey is the key of a context's time zone, a *timeZone.
type timeZoneKey struct{}

type timeZone struct {
	name string // as the header has it
	loc  *time.Location
	err  error
}

// WithTimeZone returns a context whose calls have a time zone of their own instead of the
// session's, with the same two effects: the server reads times without a zone in the text of a
// statement in it, and the time.Time values of results have it as their Location. zone is an
// IANA name or an offset such as +08:00.
//
// All statements and PromQL heed it. Package insert sends it, too, but rows have no times
// without a zone. Bulk loads have no time zone. A zone that the server would not understand is
// an error of the call.
func WithTimeZone(ctx context.Context, zone string) context.Context {
	if zone == "" {
		zone = "UTC"
	}
	loc, err := dsn.ParseTimeZone(zone)
	return context.WithValue(ctx, timeZoneKey{}, &timeZone{zone, loc, err})
}

// hintsKey is the key of a context's hints, which are a map[string]string.
type hintsKey struct{}

// WithHints returns a context whose calls send further hints, by the server's names, such as
// ttl for the tables that an insert creates. They take precedence over those of the DSN; an
// inner WithHints adds to those of an outer one, and takes precedence.
//
// Statements, PromQL, and Write, Delete and Stream of package insert heed them; a Stream does
// when it is opened, and Options.Hints take precedence there. An insert.Writer, whose requests
// have rows of many calls, and bulk loads, for which the server reads no hints, do not. A hint
// that cannot be sent is an error of the call.
func WithHints(ctx context.Context, hints map[string]string) context.Context {
	outer, _ := ctx.Value(hintsKey{}).(map[string]string)
	all := make(map[string]string, len(outer)+len(hints))
	maps.Copy(all, outer)
	maps.Copy(all, hints)
	return context.WithValue(ctx, hintsKey{}, all)
}

// isUTC reports whether the server reads times without a zone as UTC.
func (s session) isUTC() bool {
	switch strings.ToUpper(s.timeZone) {
	case "", "UTC", "ETC/UTC", "UCT", "ETC/UCT", "ZULU", "ETC/ZULU", "UNIVERSAL", "ETC/UNIVERSAL", "GMT", "ETC/GMT", "+00:00", "-00:00":
		return true
	}
	return false
}

// header returns the request header of the session. It is the only place from which
// GreptimeDB reads credentials, database and time zone of Handle and DoGet.
func (s session) header(ctx context.Context) (*greptimev1.RequestHeader, error) {
	cfg := s.client.cfg
	user, password := cfg.User, cfg.Password.Reveal()
	if cfg.Credentials != nil {
		var err error
		if user, password, err = cfg.Credentials(ctx); err != nil {
			return nil, fmt.Errorf("greptime: Config.Credentials: %w", notBadConn(err))
		}
		if err := checkUser(user, password); err != nil {
			return nil, fmt.Errorf("greptime: Config.Credentials: %w", err)
		}
	}
	h := &greptimev1.RequestHeader{Dbname: wireDatabase(s.database), Timezone: s.timeZone}
	if user != "" || password != "" {
		h.Authorization = &greptimev1.AuthHeader{AuthScheme: &greptimev1.AuthHeader_Basic{
			Basic: &greptimev1.Basic{Username: user, Password: password},
		}}
	}
	return h, nil
}

// notBadConn returns err, which a function of the user has returned, so that errors.Is does not find
// driver.ErrBadConn in it: database/sql would repeat the call, with the statements of its text that
// have run.
func notBadConn(err error) error {
	if errors.Is(err, driver.ErrBadConn) {
		return &usersError{err}
	}
	return err
}

// usersError is an error in which there is no driver.ErrBadConn.
type usersError struct{ error }

// Is reports what errors.Is finds in the error, but for driver.ErrBadConn.
func (e *usersError) Is(target error) bool {
	return target != driver.ErrBadConn && errors.Is(e.error, target)
}

// As sets target as errors.As does.
func (e *usersError) As(target any) bool { return errors.As(e.error, target) }

// encodedHeader returns the encoded request header of the session. The client encodes
// that of the DSN's session once, unless each request has credentials of its own.
func (s session) encodedHeader(ctx context.Context) ([]byte, error) {
	if saved := s.client.header; saved != nil && s.database == s.client.cfg.Database && s.timeZone == s.client.cfg.TimeZone {
		return saved.encoded, nil
	}
	h, err := s.header(ctx)
	if err != nil {
		return nil, err
	}
	encoded, err := proto.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("greptime: the request's header: %w", err)
	}
	return encoded, nil
}

// wireDatabase returns a database's name as the header has it. GreptimeDB splits it at
// the first "-" into catalog and database, so a name that contains one needs its
// catalog, which is always greptime.
func wireDatabase(name string) string {
	if strings.Contains(name, "-") {
		return "greptime-" + name
	}
	return name
}

// transaction is a transaction with transactions=ignore. It only counts the writes.
type transaction struct {
	ctx      context.Context // of BeginTx; database/sql rolls back some time after its end
	readOnly bool
	writes   internalsession.Writes
}

// transactionError is an ErrTransactions for programs that already set transactions=ignore.
type transactionError string

// Error returns the text.
func (e transactionError) Error() string {
	return "greptime: GreptimeDB has no transactions: " + string(e)
}

// Is reports whether target is ErrTransactions.
func (transactionError) Is(target error) bool { return target == ErrTransactions }

// writes returns the writes of the session's transaction, to which a write must be added. It
// is nil if there is no transaction. A read-only transaction refuses writes.
func (s session) writes() (*internalsession.Writes, error) {
	switch {
	case s.tx == nil:
		return nil, nil
	case s.tx.readOnly:
		return nil, transactionError("with transactions=ignore a read-only transaction refuses writes, and the statement may write")
	}
	return &s.tx.writes, nil
}
