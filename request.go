package greptime

import (
	"context"
	"fmt"
	"maps"
	"strings"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/internal/request"
	"github.com/greptime-go/greptime/internal/transport"
)

// header returns the request header of the session. It is the only place from which
// GreptimeDB reads credentials, database and time zone of Handle and DoGet.
func (c *Conn) header(ctx context.Context, s session) (*greptimev1.RequestHeader, error) {
	cfg := c.connector.cfg
	user, password := cfg.User, cfg.Password.Reveal()
	if cfg.Credentials != nil {
		var err error
		if user, password, err = cfg.Credentials(ctx); err != nil {
			return nil, fmt.Errorf("greptime: Config.Credentials: %w", err)
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

// encodedHeader returns the encoded request header of the session. The Connector encodes
// that of the DSN's session once, unless each request has credentials of its own.
func (c *Conn) encodedHeader(ctx context.Context, s session) ([]byte, error) {
	if c.connector.header != nil && s == c.connector.session() {
		return c.connector.header.encoded, nil
	}
	h, err := c.header(ctx, s)
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

// callHints returns the metadata of a call with the DSN's hints and extra, which takes
// precedence; nil if there are no hints.
func (c *Connector) callHints(extra map[string]string) metadata.MD {
	if len(c.cfg.Hints) == 0 && len(extra) == 0 {
		return nil
	}
	all := make(map[string]string, len(c.cfg.Hints)+len(extra))
	maps.Copy(all, c.cfg.Hints)
	maps.Copy(all, extra)
	return metadata.Pairs("x-greptime-hints", formatHints(all))
}

// ticket returns the statement as a Flight Ticket.
func (st *statement) ticket(header []byte) (ticket transport.Ticket, err error) {
	if st.prom != nil {
		ticket, err = request.PromRange(header, st.prom)
	} else {
		ticket, err = request.SQL(header, st.text)
	}
	if err != nil {
		return nil, fmt.Errorf("greptime: %w", err)
	}
	return ticket, nil
}
