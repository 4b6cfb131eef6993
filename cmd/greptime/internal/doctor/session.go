package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime"
)

// user checks that the server accepts the user, and as whom.
func (e *examination) user(ctx context.Context) (Check, bool) {
	err := e.query(ctx, "SELECT 1")
	switch {
	case isCode(err, greptime.AuthHeaderNotFound):
		return failed("name a user in the DSN, greptime://user@host, and give the password with --password or in the file of connections", "the server requires a user, and the settings have none"), false
	case isCode(err, greptime.UserNotFound):
		return failed("correct the user's name, which is case-sensitive", "the server does not know the user %s", e.name()), false
	case isCode(err, greptime.UserPasswordMismatch):
		return failed("correct the password", "the server does not accept the password of the user %s", e.name()), false
	case isCode(err, greptime.PermissionDenied):
		return warned("use a user who may read, unless this one is only to write", "the server knows the user %s, who may not read", e.name()), true
	case isCode(err, greptime.DatabaseNotFound, greptime.TableNotFound, greptime.InvalidArguments):
		return found("%s", e.name()), true // the check of the database explains it
	case err != nil:
		return failed("", "%s", text(err)), false
	}
	c := found("%s", e.name())
	if seen, err := e.text(ctx, "SELECT session_user()"); err == nil && seen != "" && seen != e.cfg.User {
		c.Finding += ", whom the server sees as " + seen
	}
	if e.cfg.User != "" && e.acceptsAnyone(ctx) {
		c.Status, c.Remedy = Warning, "if that is not intended, set the server's option --user-provider"
		c.Finding += "; the server accepts connections without a user, too, and ignores the password"
	}
	return c, true
}

// name returns the user as the settings have it.
func (e *examination) name() string {
	switch {
	case e.cfg.Credentials != nil:
		user, _, err := e.cfg.Credentials(context.Background())
		if err == nil && user != "" {
			return user
		}
	case e.cfg.User != "":
		return e.cfg.User
	}
	return "no user, and the server requires none"
}

// acceptsAnyone reports whether the server answers a client without a user.
func (e *examination) acceptsAnyone(ctx context.Context) bool {
	cfg := e.cfg.Clone()
	cfg.User, cfg.Password, cfg.Credentials, cfg.DialOptions = "", greptime.Secret{}, nil, nil
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		return false
	}
	defer connector.Close()
	conn, err := connector.Connect(ctx)
	if err != nil {
		return false
	}
	defer conn.Close()
	rd, err := conn.(*greptime.Conn).QueryArrow(ctx, "SELECT 1")
	if err != nil {
		return false
	}
	rd.Release()
	return true
}

// query runs a query to its end and drops its rows.
func (e *examination) query(ctx context.Context, query string) error {
	rd, err := e.conn.QueryArrow(ctx, query)
	if err != nil {
		return err
	}
	defer rd.Release()
	return drain(rd)
}

// text returns the only value of a result, which is a text.
func (e *examination) text(ctx context.Context, query string) (string, error) {
	return greptime.One[string](ctx, e.conn, query)
}

// version asks for the server's version.
func (e *examination) version(ctx context.Context) (Check, bool) {
	v, err := e.conn.ServerVersion(ctx)
	switch {
	case isCode(err, greptime.PermissionDenied):
		return warned("", "not known: the user may not read"), true
	case err != nil:
		return warned("", "not known: %s", text(err)), true
	case v.Major < 1:
		return warned("upgrade the server to 1.0 or later, with which this client is tested", "GreptimeDB %s", v), true
	}
	return found("GreptimeDB %s", v), true
}

// database checks that the database exists, and counts its tables.
func (e *examination) database(ctx context.Context) (Check, bool) {
	name := e.conn.Database()
	err := e.conn.Ping(ctx)
	if isCode(err, greptime.DatabaseNotFound) {
		remedy := "name another database, or create it with CREATE DATABASE"
		if others, err := greptime.Collect[string](ctx, e.conn, "SHOW DATABASES"); err == nil && len(others) > 0 {
			remedy = "name one of the server's databases (" + strings.Join(others, ", ") + "), or create it with CREATE DATABASE"
		}
		return failed(remedy, "the server has no database %s", name), false
	} else if err != nil {
		return failed("", "%s", text(err)), false
	}
	n, err := greptime.One[int64](ctx, e.conn, "SELECT count(*) FROM information_schema.tables WHERE table_schema = ?", name)
	switch {
	case isCode(err, greptime.PermissionDenied):
		return found("%s; the user may not read which tables it has", name), true
	case err != nil:
		return warned("", "%s; its tables could not be counted: %s", name, text(err)), true
	case n == 1:
		return found("%s, with 1 table", name), true
	}
	return found("%s, with %d tables", name, n), true
}

// timeZone checks that the server reads times in the session's zone.
func (e *examination) timeZone(ctx context.Context) (Check, bool) {
	wanted := zoneName(e.cfg)
	seen, err := e.text(ctx, "SELECT timezone()")
	switch {
	case isCode(err, greptime.PermissionDenied):
		return found("%s; the user may not ask the server for its own", wanted), true
	case err != nil:
		return warned("", "%s; the server's is not known: %s", wanted, text(err)), true
	case !sameZone(seen, wanted):
		return failed("name another zone, such as an offset +08:00", "the session's zone is %s, but the server reads times without a zone in %s", wanted, seen), true
	}
	now := time.Now().In(e.conn.Location())
	return found("%s, where it is %s", wanted, now.Format("2006-01-02 15:04 MST")), true
}

func sameZone(a, b string) bool {
	isUTC := func(name string) bool {
		return slices.Contains([]string{"utc", "etc/utc", "+00:00", "-00:00"}, strings.ToLower(name))
	}
	return strings.EqualFold(a, b) || isUTC(a) && isUTC(b)
}

// clockTolerance is how far apart the clocks may be.
const clockTolerance = time.Second

// clock compares the server's clock with this machine's.
func (e *examination) clock(ctx context.Context) (Check, bool) {
	var difference, least time.Duration
	for i := range 5 {
		before := time.Now()
		at, err := greptime.One[time.Time](ctx, e.conn, "SELECT now()")
		took := time.Since(before)
		switch {
		case isCode(err, greptime.PermissionDenied):
			return found("not compared: the user may not read"), true
		case err != nil:
			return warned("", "not compared: %s", text(err)), true
		}
		if i == 0 || took < least {
			least, difference = took, at.Sub(before.Add(took/2))
		}
	}
	uncertainty := least/2 + time.Millisecond // the server may cut now() to milliseconds
	switch size := max(difference, -difference); {
	case size <= uncertainty:
		return found("the server's is the same as this machine's, within %s", round(uncertainty)), true
	case size <= clockTolerance:
		return found("the server's is %s this machine's", apart(difference)), true
	default:
		return warned("synchronize both clocks with NTP: rows with times of this machine seem to be of the future or the past on the server", "the server's is %s this machine's", apart(difference)), true
	}
}

func apart(d time.Duration) string {
	if d < 0 {
		return fmt.Sprintf("%s behind", round(-d))
	}
	return fmt.Sprintf("%s ahead of", round(d))
}

// latency measures how long small queries take.
func (e *examination) latency(ctx context.Context) (Check, bool) {
	n := e.o.Pings
	if n <= 0 {
		n = 11
	}
	var all []time.Duration
	for range n {
		started := time.Now()
		err := e.query(ctx, "SELECT 1")
		if errors.Is(err, context.DeadlineExceeded) && len(all) > 0 {
			break
		}
		if err != nil && !isCode(err, greptime.PermissionDenied) { // a refusal is an answer, too
			return warned("", "not measured: %s", text(err)), true
		}
		all = append(all, time.Since(started))
	}
	slices.Sort(all)
	median := all[len(all)/2]
	c := found("%s for a query, as the median of %d; the fastest %s, the slowest %s", round(median), len(all), round(all[0]), round(all[len(all)-1]))
	if median > 200*time.Millisecond {
		c.Status, c.Remedy = Warning, "write in batches and read with few queries, or run the program closer to the server"
	}
	return c, true
}

// queries checks that queries answer.
func (e *examination) queries(ctx context.Context) (Check, bool) {
	rd, err := e.conn.QueryArrow(ctx, "SELECT 1")
	switch {
	case isCode(err, greptime.PermissionDenied):
		return warned("use a user who may read, unless this one is only to write", "answers, but the user may not read"), true
	case err != nil:
		return failed("", "%s", text(err)), true
	}
	defer rd.Release()
	if err := drain(rd); err != nil {
		return failed("", "%s", text(err)), true
	}
	return found("answers, with Arrow record batches"), true
}

// drain reads a result to its end.
func drain(rd array.RecordReader) error {
	for rd.Next() {
	}
	return rd.Err()
}
