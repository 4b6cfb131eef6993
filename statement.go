package greptime

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"

	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/transport"
)

// statement is one statement ready to be sent, or to be carried out here.
type statement struct {
	text            string
	kind            sqltext.Kind
	readOnly        bool                               // repeating it does no harm
	endsWithMetrics bool                               // the server ends its result with a metrics message
	apply           func(*Conn, context.Context) error // USE and SET time_zone: instead of sending it
	prom            *greptimev1.PromRangeQuery         // instead of text
	rebind          func(utc bool) (string, error)     // its text for a session whose time zone is UTC, or not
	utc             bool                               // what text was bound for
	endpoint        *transport.Endpoint                // the only one to ask, if it is not nil
	isProbe         bool                               // asks whether results end with metrics
}

// selectOne asks for a constant.
var selectOne = statement{text: "SELECT 1", kind: sqltext.Select, readOnly: true, endsWithMetrics: true}

// probe finds out whether the endpoint ends results with metrics.
func (c *Conn) probe(ctx context.Context, s session, endpoint *transport.Endpoint) error {
	st := selectOne
	st.endpoint, st.isProbe = endpoint, true
	rd, err := c.send(ctx, s, st)
	if err != nil {
		return err
	}
	if _, err := rd.drain(); err != nil {
		return err
	}
	if endpoint.Metrics() == transport.MetricsUnknown { // or the answer had some
		endpoint.SetMetrics(transport.NoMetrics)
	}
	return nil
}

// statements lexes a text, binds the arguments and splits it. A text without
// arguments goes to the server as it is, placeholders and all.
func (c *Conn) statements(query string, args []driver.NamedValue) ([]statement, error) {
	script, err := sqltext.Parse(query)
	if err != nil {
		if len(args) > 0 {
			return nil, fmt.Errorf("greptime: cannot bind arguments: %w", err)
		}
		return []statement{{text: query}}, nil // the server says what is wrong with it
	}
	return c.bind(script, args)
}

// bind makes the statements of a script with the arguments in place.
func (c *Conn) bind(script *sqltext.Script, args []driver.NamedValue) ([]statement, error) {
	if len(script.Statements) > 1 && !c.connector.cfg.MultiStatements {
		return nil, fmt.Errorf("%w: the text has %d; send them one by one, or set multi_statements=true in the DSN", ErrMultipleStatements, len(script.Statements))
	}
	var texts []string
	var bindFor func(utc bool) ([]string, error)
	var utc bool
	if len(args) > 0 {
		s, err := c.current()
		if err != nil {
			return nil, err
		}
		bound, err := bindArgs(args)
		if err != nil {
			return nil, err
		}
		bindFor = func(utc bool) ([]string, error) {
			texts, err := script.Bind(bound, sqltext.BindOptions{TimeZoneUTC: utc})
			if err != nil {
				err = fmt.Errorf("greptime: %w", err)
			}
			return texts, err
		}
		utc = s.isUTC()
		if texts, err = bindFor(utc); err != nil {
			return nil, err
		}
	}
	if len(script.Statements) == 0 {
		return []statement{{text: script.Text}}, nil // only comments: the server refuses that
	}
	list := make([]statement, len(script.Statements))
	for i := range script.Statements {
		st := &script.Statements[i]
		list[i] = statement{kind: st.Kind, readOnly: st.ReadOnly(), endsWithMetrics: st.StreamsMetrics()}
		switch {
		case texts != nil:
			list[i].text, list[i].utc = texts[i], utc
			list[i].rebind = func(utc bool) (string, error) {
				texts, err := bindFor(utc)
				if err != nil {
					return "", err
				}
				return texts[i], nil
			}
		case len(script.Statements) == 1:
			list[i].text = script.Text // comments and all
		default:
			list[i].text = script.StatementText(i)
		}
		if texts != nil && (st.Kind == sqltext.Set || st.Kind == sqltext.Use) {
			// SET time_zone = ?: what it sets is known only now.
			if bound, err := sqltext.Parse(texts[i]); err == nil && len(bound.Statements) == 1 {
				st = &bound.Statements[0]
			}
		}
		if name, ok := st.Database(); ok {
			list[i].apply = func(c *Conn, ctx context.Context) error { return c.Use(ctx, name) }
		} else if zone, ok := st.TimeZone(); ok {
			list[i].apply = func(c *Conn, _ context.Context) error { return c.SetTimeZone(zone) }
		}
	}
	return list, nil
}

// run sends one statement and waits for the first message of its answer.
func (c *Conn) run(ctx context.Context, st statement) (*RecordReader, error) {
	s, err := c.current()
	if err != nil {
		return nil, err
	}
	if st.apply != nil {
		if err := st.apply(c, ctx); err != nil {
			return nil, err
		}
		return emptyRecordReader(), nil
	}
	if st.rebind != nil && st.utc != s.isUTC() { // a SET time_zone came between
		if st.text, err = st.rebind(s.isUTC()); err != nil {
			return nil, err
		}
	}
	if err := c.mayWrite(st); err != nil {
		return nil, err
	}
	ctx, cancel := c.connector.limit(ctx)
	rd, err := c.send(ctx, s, st)
	if err != nil {
		cancel()
		return nil, err
	}
	rd.cancel = cancel
	return rd, nil
}

func (c *Conn) send(ctx context.Context, s session, st statement) (*RecordReader, error) {
	header, err := c.encodedHeader(ctx, s)
	if err != nil {
		return nil, err
	}
	ticket, err := st.ticket(header)
	if err != nil {
		return nil, err
	}
	stream, err := c.connector.channels.DoGet(ctx, transport.Request{Ticket: ticket, Metadata: c.connector.hints, Repeatable: st.readOnly, Endpoint: st.endpoint})
	if wasSent(err) {
		c.noteWrite(st)
	}
	if err != nil {
		return nil, callError(ctx, err, st)
	}
	return c.newRecordReader(ctx, stream, s, st)
}

// wasSent says whether a request may have reached the server, by the error of its call.
func wasSent(err error) bool {
	if err == nil {
		return true
	}
	var call *transport.CallError
	return errors.As(err, &call) && call.Sent
}

// runAll runs statements one after the other, each to its end, and adds up the
// affected rows. The first error stops it.
func (c *Conn) runAll(ctx context.Context, statements []statement, result *Result) error {
	for i, st := range statements {
		affected, err := c.runToEnd(ctx, st)
		if err != nil {
			return statementError(err, i, len(statements))
		}
		if result != nil {
			result.affected += affected
		}
	}
	return nil
}

func (c *Conn) runToEnd(ctx context.Context, st statement) (affected int64, err error) {
	rd, err := c.run(ctx, st)
	if err != nil {
		return 0, err
	}
	return rd.drain()
}

// statementError says which of several statements failed.
func statementError(err error, i, n int) error {
	if n < 2 || errors.Is(err, ErrClosed) {
		return err
	}
	return fmt.Errorf("statement %d of %d (those before it were run, those after it were not): %w", i+1, n, err)
}
