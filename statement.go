package greptime

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"

	"github.com/greptime-go/greptime/calltrace"
	"github.com/greptime-go/greptime/internal/request"
	internalsession "github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/sqlarg"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/transport"
)

// statement is one statement, ready to be sent or to be carried out by the driver.
type statement struct {
	text            string
	kind            sqltext.Kind
	readOnly        bool                                // repeating it is harmless
	alters          bool                                // tables may have other columns afterwards
	endsWithMetrics bool                                // the server ends its result with a metrics message
	apply           func(context.Context, setter) error // USE, SET time_zone, BEGIN: instead of sending it
	prom            *greptimev1.PromRangeQuery          // instead of text
	bound           *boundScript                        // the source of text if there were arguments
	index           int                                 // of the statement in bound
	endpoint        *transport.Endpoint                 // if not nil, the only one to ask
	isProbe         bool                                // asks whether results end with metrics
	values          *sqltext.Values                     // of an INSERT … VALUES
}

// setter is a Conn, whose session statements change.
type setter interface {
	Use(ctx context.Context, database string) error
	SetTimeZone(zone string) error
}

// write describes the statement as a write.
func (st *statement) write() internalsession.Write {
	w := internalsession.Write{Kind: internalsession.AnyStatement, MayAsk: true}
	switch {
	case st.readOnly:
		w.Kind = internalsession.ReadStatement
	case st.kind == sqltext.Delete:
		w.Kind = internalsession.DeleteStatement
	case st.kind == sqltext.DDL:
		w.Kind = internalsession.DDLStatement
	case st.values != nil && !st.values.Trailing && len(st.values.Table) <= 2: // behind the tuples can be a query
		w.Kind, w.Rows, w.Tables = internalsession.Rows, st.values.Rows, 1
		w.Database, w.Table = tableName(st.values)
	}
	return w
}

// tableName returns the name of the table of an INSERT; database is empty if the name has
// none.
func tableName(v *sqltext.Values) (database, table string) {
	last := len(v.Table) - 1
	if last > 0 {
		database = v.Table[last-1]
	}
	return database, v.Table[last]
}

// statements lexes a text, binds the arguments and splits it. A text without
// arguments is sent unchanged, including placeholders.
func (s session) statements(query string, args []driver.NamedValue) ([]statement, error) {
	script, err := sqltext.Parse(query)
	if err != nil {
		return unlexedStatements(query, args, err)
	}
	return s.bind(script, args)
}

// unlexedStatements returns the statement of a text that cannot be lexed because of err. The server
// reports the error in it, but arguments cannot be bound.
func unlexedStatements(query string, args []driver.NamedValue, err error) ([]statement, error) {
	if len(args) > 0 {
		return nil, fmt.Errorf("greptime: cannot bind arguments: %w", err)
	}
	return []statement{{text: query}}, nil
}

// bind returns the statements of a script with the arguments in place.
func (s session) bind(script *sqltext.Script, args []driver.NamedValue) ([]statement, error) {
	if s.client.cfg.Transactions != transactionsIgnore && hasTransaction(script) {
		return nil, ErrTransactions
	}
	if len(script.Statements) > 1 && !s.client.cfg.MultiStatements {
		return nil, fmt.Errorf("%w; it has %d", ErrMultipleStatements, len(script.Statements))
	}
	var bound *boundScript
	if len(args) > 0 {
		list, err := bindArgs(truncated(args, s.client.cfg.TimeTruncate))
		if err != nil {
			return nil, err
		}
		bound = &boundScript{utc: s.isUTC()}
		if bound.script, err = script.Match(list); err != nil {
			return nil, fmt.Errorf("greptime: %w", err)
		}
	}
	if len(script.Statements) == 0 {
		return []statement{{text: script.Text}}, nil // only comments: the server refuses that
	}
	list := make([]statement, len(script.Statements))
	for i := range script.Statements {
		st := &script.Statements[i]
		list[i] = statement{kind: st.Kind, readOnly: st.ReadOnly(), alters: st.Alters(), endsWithMetrics: st.StreamsMetrics(), values: st.Values}
		switch {
		case bound != nil:
			text, err := bound.text(i, bound.utc)
			if err != nil {
				return nil, err
			}
			list[i].text, list[i].bound, list[i].index = text, bound, i
		case len(script.Statements) == 1:
			list[i].text = script.Text // including comments
		default:
			list[i].text = script.StatementText(i)
		}
		if bound != nil && (st.Kind == sqltext.Set || st.Kind == sqltext.Use) {
			// SET time_zone = ?: only now is its value known.
			if parsed, err := sqltext.Parse(list[i].text); err == nil && len(parsed.Statements) == 1 {
				st = &parsed.Statements[0]
			}
		}
		var err error
		if list[i].apply, err = localEffect(st); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// localEffect returns the function that carries out a statement in the driver, or nil if the
// statement is sent to the server.
func localEffect(st *sqltext.Statement) (func(context.Context, setter) error, error) {
	if name, ok := st.Database(); ok {
		return func(ctx context.Context, to setter) error { return to.Use(ctx, name) }, nil
	}
	if zone, ok := st.TimeZone(); ok {
		return func(_ context.Context, to setter) error { return to.SetTimeZone(zone) }, nil
	}
	if st.MisplacedTimeZone() {
		return nil, errTimeZoneForm
	}
	if st.Kind == sqltext.Transaction {
		return func(context.Context, setter) error { return nil }, nil
	}
	return nil, nil
}

// errTimeZoneForm refuses statements that GreptimeDB answers with OK but does not carry out.
var errTimeZoneForm = errors.New("greptime: only the session's time zone can be set, to one string: SET time_zone = 'Asia/Shanghai'; the zone of the server (GLOBAL, PERSIST) is set by its configuration")

// hasTransaction reports whether a script begins or ends a transaction.
func hasTransaction(script *sqltext.Script) bool {
	return slices.ContainsFunc(script.Statements, func(st sqltext.Statement) bool { return st.Kind == sqltext.Transaction })
}

// boundScript is a script with arguments.
type boundScript struct {
	script *sqltext.Bound
	utc    bool // the statements are bound for a session whose time zone is UTC
}

// text returns the text of a statement for a session.
func (b *boundScript) text(index int, utc bool) (string, error) {
	text, err := b.script.Text(index, sqltext.BindOptions{TimeZoneUTC: utc})
	if err != nil {
		return "", fmt.Errorf("greptime: %w", err)
	}
	return text, nil
}

// rebind binds the statement for the time zone of the session, if a SET time_zone came after it
// was bound.
func (st *statement) rebind(s session) (err error) {
	if st.bound != nil && st.bound.utc != s.isUTC() {
		st.text, err = st.bound.text(st.index, s.isUTC())
	}
	return err
}

// isWrite reports whether a statement may have an effect on the server.
func isWrite(st statement) bool { return !st.readOnly && st.apply == nil }

// tracedStatement describes a statement to the tracer.
func (s session) tracedStatement(st *statement) calltrace.Call {
	call := calltrace.Call{Kind: calltrace.Statement, Database: s.database, Text: st.text}
	switch {
	case st.prom != nil:
		call.Kind, call.Text = calltrace.PromQL, st.prom.Query
	case st.bound != nil:
		call.Text, call.Args = st.bound.script.Source(st.index), st.bound.script.Inputs()
		if s.client.cfg.TraceArguments {
			call.BoundText = st.text
		}
	}
	return call
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

// checkedValue resolves a value and checks that it can be an argument. It cuts a time to a
// multiple of cut, towards the past.
func checkedValue(v any, cut time.Duration) (any, error) {
	v, err := sqlarg.Plain(v)
	if at, ok := v.(time.Time); ok && cut > 0 {
		v = at.Truncate(cut)
	}
	if err == nil {
		_, err = sqlarg.Of(v)
	}
	return v, err
}

// truncated returns args with times that are multiples of cut. Mostly they are already, but a
// wrapper of the driver may not pass CheckNamedValue on. It does not change args themselves,
// which belong to the caller.
func truncated(args []driver.NamedValue, cut time.Duration) []driver.NamedValue {
	if cut <= 0 {
		return args
	}
	isCopy := false
	for i, nv := range args {
		at, ok := nv.Value.(time.Time)
		if !ok || at.Truncate(cut).Equal(at) {
			continue
		}
		if !isCopy {
			args, isCopy = slices.Clone(args), true
		}
		args[i].Value = at.Truncate(cut)
	}
	return args
}

// namedValues checks and numbers the arguments of calls that do not come through
// database/sql.
func namedValues(args []any, cut time.Duration) ([]driver.NamedValue, error) {
	named := make([]driver.NamedValue, len(args))
	for i, v := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
		if n, ok := v.(sql.NamedArg); ok {
			named[i].Name, v = n.Name, n.Value
		}
		var err error
		if named[i].Value, err = checkedValue(v, cut); err != nil {
			return nil, argError(named[i].Name, i+1, err)
		}
	}
	return named, nil
}

// bindArgs returns the checked arguments in the form that package sqltext renders.
func bindArgs(args []driver.NamedValue) ([]sqltext.Arg, error) {
	list := make([]sqltext.Arg, len(args))
	for i, nv := range args {
		arg, err := sqlarg.Of(nv.Value)
		if err != nil {
			return nil, argError(nv.Name, nv.Ordinal, err)
		}
		arg.Name = nv.Name
		list[i] = arg
	}
	return list, nil
}

func argError(name string, ordinal int, err error) error {
	if name != "" {
		return fmt.Errorf("greptime: argument :%s: %w", name, err)
	}
	return fmt.Errorf("greptime: argument %d: %w", ordinal, err)
}
