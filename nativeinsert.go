package greptime

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/calltrace"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/request"
	internalsession "github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/sqlinsert"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/tracing"
	"github.com/greptime-go/greptime/internal/transport"
)

// hasInsertValues reports whether the script contains an INSERT … VALUES.
func hasInsertValues(script *sqltext.Script) bool {
	for i := range script.Statements {
		if st := &script.Statements[i]; st.Kind == sqltext.Insert && st.Values != nil {
			return true
		}
	}
	return false
}

// nativeOnly returns the error of an INSERT that insert=native does not send, because it cannot
// travel natively.
func nativeOnly(reason error) error {
	return fmt.Errorf("greptime: with insert=native the INSERT was not sent, because it cannot travel natively: %w; insert=auto sends such statements as text", reason)
}

// minNativeRows is the number of rows from which reading the columns of the table, by two
// small queries, pays off for an INSERT. For a value that the text might lose, the columns are
// read in any case.
const minNativeRows = 16

// insertion is an INSERT … VALUES of arguments and literals while it is executed.
//
// What the server stores for the text is the norm. An INSERT is sent natively where that stores
// the same, and where the text cannot express its arguments: NaN, infinities, and a DATE under
// a time zone. GreptimeDB stores NULL, without an error, for a number that has too many digits
// for its DECIMAL, and an infinity for one that is too large for its FLOAT, or within JSON for a
// float64. The driver detects this if it knows the columns, so it reads them before it sends such
// a value in any form.
type insertion struct {
	sqlinsert.Insert
	script     *sqltext.Script
	session    session       // in the table's database
	text       session       // of the text, which names the table's database itself
	onlyNative bool          // the text must not be sent
	call       *tracing.Call // nil without a tracer
}

// newInsertion returns the text as an insertion. The error is a *sqlinsert.NotNativeError if
// its form rules the native insert out, whatever the columns are.
func newInsertion(s session, text parsedText, args []driver.NamedValue) (*insertion, error) {
	insert, err := sqlinsert.New(text.Script, text.memo, args)
	if err != nil {
		return nil, err
	}
	x := &insertion{Insert: insert, session: s, text: s, script: text.Script, onlyNative: s.client.cfg.Insert == insertNative}
	switch {
	case s.hasHint("physical_table"):
		return nil, &sqlinsert.NotNativeError{Reason: "the hint physical_table would give a native insert another meaning"}
	case x.onlyNative && !x.NamesColumns():
		return nil, errPositional
	}
	if x.Database != "" {
		x.session.database = x.Database
	}
	x.UTC = x.session.isUTC()
	return x, nil
}

// errPositional is why an INSERT without a list of columns goes as text: the table may have
// been replaced since the order of its columns was read.
var errPositional = &sqlinsert.NotNativeError{Reason: "it does not name the columns"}

// exec carries the INSERT out, and tells the tracer if there is one.
func (x *insertion) exec(ctx context.Context) (driver.Result, error) {
	if tracer := x.text.client.tracer; tracer != nil {
		return x.execTraced(ctx, tracer)
	}
	return x.carryOut(ctx)
}

// execTraced carries the INSERT out and tells the tracer. It is one call, in whichever ways
// it is sent.
func (x *insertion) execTraced(ctx context.Context, tracer *tracing.Tracer) (driver.Result, error) {
	ctx, x.call = tracer.Start(ctx, x.tracedInsert())
	result, err := x.carryOut(ctx)
	if err == nil {
		x.call.Rows, _ = result.RowsAffected()
	}
	x.call.End(err)
	return result, err
}

// tracedInsert describes the INSERT to the tracer.
func (x *insertion) tracedInsert() calltrace.Call {
	args := x.Args()
	call := calltrace.Call{Kind: calltrace.Statement, Database: x.text.database, Text: x.script.Text, Args: len(args)}
	if len(args) > 0 && x.text.client.cfg.TraceArguments {
		if statements, err := x.text.bind(x.script, args); err == nil { // not with NaN, for example
			call.BoundText = statements[0].text
		}
	}
	return call
}

// carryOut carries the INSERT out. If the server refuses the rows because of the columns, and so
// proves that it has written nothing, another plan replaces the first.
func (x *insertion) carryOut(ctx context.Context) (driver.Result, error) {
	ctx, cancel := x.session.client.limit(ctx)
	defer cancel()
	plan := x.plan(ctx)
	for plan.way == natively {
		result, refusal, err := x.sendRows(ctx, plan)
		if refusal == nil {
			return result, err
		}
		plan = x.planAfter(ctx, refusal, plan.isFresh)
	}
	if plan.way == refused {
		return nil, plan.why
	}
	return x.sendText(ctx, plan)
}

// insertWay is a way to carry out an INSERT … VALUES.
type insertWay uint8

const (
	asText insertWay = iota
	natively
	refused // it is not sent
)

// insertPlan is the decision how to carry out an INSERT … VALUES. It is made before anything of
// the INSERT is sent, and does not change.
type insertPlan struct {
	way insertWay

	// why is the error of the call if the INSERT is refused. If it goes as text, why is the reason,
	// which may be nil: an *Error if the server has refused the rows.
	why error

	table   *catalog.Table // the columns, as far as they are known and fit the statement
	rows    *sqlinsert.Buffer
	request transport.Encoded // of the rows
	writes  *internalsession.Writes

	isFresh      bool // the columns were read for this plan
	isDoubtful   bool // the columns may have changed, and others might allow another way
	isUnwritable bool // the table cannot be written natively
}

// plan returns the plan for the columns that are known. It reads the columns if that pays off,
// or if only they show whether the server would lose a value.
func (x *insertion) plan(ctx context.Context) insertPlan {
	usesColumns := x.onlyNative || x.NamesColumns() && (x.Rows() >= minNativeRows || x.isKnown())
	if !usesColumns && !x.MayLose() {
		return insertPlan{way: asText}
	}
	plan := x.planFor(ctx)
	if plan.isDoubtful && !plan.isFresh {
		return x.planFresh(ctx)
	}
	return plan
}

// planFresh returns the plan for the columns as they are now.
func (x *insertion) planFresh(ctx context.Context) insertPlan {
	x.forget()
	plan := x.planFor(ctx)
	plan.isFresh = true // another INSERT may have read them since
	return plan
}

// planAfter returns the plan after the server has refused rows because of their columns, and has
// written nothing.
func (x *insertion) planAfter(ctx context.Context, refusal *Error, wasFresh bool) insertPlan {
	switch {
	case !wasFresh && (x.onlyNative || x.MayLose()):
		return x.planFresh(ctx)
	case x.onlyNative:
		return insertPlan{way: refused, why: refusal}
	}
	return insertPlan{way: asText, why: refusal, isFresh: wasFresh}
}

// planFor returns the plan for the columns of the table. It reads them if they are not known.
func (x *insertion) planFor(ctx context.Context) (plan insertPlan) {
	var err error
	if plan.writes, err = x.session.writes(); err != nil {
		return insertPlan{way: refused, why: err}
	}
	plan.table, err = x.columns(ctx, &plan)
	switch {
	case err != nil:
	case !x.NamesColumns():
		if err = x.Loss(plan.table); err == nil {
			err = errPositional
		}
	default:
		err = x.encode(ctx, &plan)
	}
	var text *sqlinsert.NotNativeError
	var lossy *sqlinsert.LossyError
	switch {
	case err == nil:
		plan.way = natively
	case !errors.As(err, &text):
		plan.way, plan.why, plan.isDoubtful = refused, err, errors.As(err, &lossy)
	case x.onlyNative:
		plan.way, plan.why, plan.isDoubtful = refused, nativeOnly(err), true
	default:
		plan.way, plan.why = asText, err
	}
	if text != nil && text.Stale && !plan.isFresh {
		x.forget() // the next INSERT reads them again
		plan.table, plan.isDoubtful = nil, x.onlyNative || x.MayLose()
	}
	return plan
}

// encode sets the request with the rows.
func (x *insertion) encode(ctx context.Context, plan *insertPlan) error {
	rows := sqlinsert.NewBuffer()
	err := x.Encode(rows, plan.table)
	if err == nil {
		plan.request, err = x.encodeRequest(ctx, rows)
	}
	if err != nil {
		rows.Free()
		return err
	}
	plan.rows = rows
	return nil
}

func (x *insertion) encodeRequest(ctx context.Context, rows *sqlinsert.Buffer) (transport.Encoded, error) {
	header, err := x.session.encodedHeader(ctx)
	if err != nil {
		return nil, err
	}
	encoded := request.Encode(header, request.Insert, request.Rows{Table: x.Table, Schema: rows.Schema, Body: &rows.Body, To: len(rows.Body.Bytes), Count: x.Rows()})
	if size := encoded.Len(); size > x.session.client.cfg.MaxMessageSize {
		return nil, &sqlinsert.NotNativeError{Reason: fmt.Sprintf("it takes %d bytes, more than max_message_size", size)}
	}
	return encoded, nil
}

// sendRows sends the rows of a plan. If refusal is not nil, the server has refused them because
// of their columns, which proves that it has written nothing.
func (x *insertion) sendRows(ctx context.Context, plan insertPlan) (result driver.Result, refusal *Error, err error) {
	defer plan.rows.Free()
	plan.writes.Add(1)
	answer, err := x.session.client.channels.Handle(ctx, transport.HandleRequest{Request: plan.request, Metadata: x.session.nativeMetadata()})
	if x.call != nil {
		x.call.Endpoint, x.call.Bytes, x.call.Native = answer.Endpoint.Addr(), int64(plan.request.Len()), true
	}
	if err == nil {
		return Result{affected: int64(answer.Affected)}, nil, nil
	}
	e := x.session.writeError(ctx, err, internalsession.Write{
		Kind: internalsession.Rows, Database: x.session.database, Table: x.Table, Tables: 1, Rows: x.Rows(), MayAsk: true,
	})
	if !e.Ambiguous {
		plan.writes.TakeBack(1)
	}
	if !isAboutColumns(e) {
		return nil, nil, e
	}
	x.forget() // the table may have changed
	if e.Ambiguous {
		return nil, nil, e
	}
	return nil, e, nil
}

// run runs the text of the INSERT.
func (x *insertion) run(ctx context.Context, st statement) (*RecordReader, error) {
	if x.call != nil {
		x.call.Native = false
	}
	rd, err := x.text.run(ctx, st)
	if err == nil && x.call != nil {
		rd.onEnd = func(error) { x.call.Endpoint, x.call.Bytes = rd.stream.Endpoint().Addr(), rd.bytes }
	}
	return rd, err
}

// sendText sends the text of a plan. If an argument has no literal, or the server refuses a value
// as the text has it, sendText sends the rows natively, provided that the columns, as they are
// now, allow it.
func (x *insertion) sendText(ctx context.Context, plan insertPlan) (driver.Result, error) {
	args := x.Args()
	if plan.table != nil && x.NamesColumns() {
		args = x.ArgsFor(plan.table)
	}
	statements, unbound := x.text.bind(x.script, args)
	err := unbound
	if unbound == nil {
		var result driver.Result
		result, err = execAll(ctx, x, statements)
		if plan.isUnwritable && isAboutColumns(err) {
			x.forget()
		}
		if !isRefusedAsRead(err) {
			return result, err
		}
	}
	refusal, _ := plan.why.(*Error)
	if !plan.isFresh && x.NamesColumns() {
		plan, refusal = x.planFresh(ctx), nil
		switch plan.way {
		case natively:
			var result driver.Result
			var failure error
			if result, refusal, failure = x.sendRows(ctx, plan); refusal == nil {
				return result, failure
			}
		case refused:
			return nil, plan.why
		}
	}
	if unbound != nil && refusal != nil {
		return nil, refusal
	}
	return nil, err
}

// isAboutColumns reports whether the server may have refused an INSERT because the table
// has other columns than the request. That does not show what was written.
func isAboutColumns(err error) bool {
	return errors.Is(err, InvalidArguments) || errors.Is(err, TableNotFound) || errors.Is(err, TableColumnNotFound)
}

// columns returns the table's columns, and records in the plan whether it has read them and
// whether only a text can write the table. The Connector also remembers the latter: otherwise each
// such INSERT would read the columns.
func (x *insertion) columns(ctx context.Context, plan *insertPlan) (*catalog.Table, error) {
	t, known, err := x.cache().Lookup(x.session.database, x.Table)
	if !known {
		plan.isFresh = true
		t, err = x.cache().Get(ctx, x.query, x.session.database, x.Table)
	}
	var unwritable *catalog.UnwritableError
	plan.isUnwritable = errors.As(err, &unwritable)
	switch {
	case err == nil || !plan.isUnwritable && (isCallError(err) || ctx.Err() != nil):
		return t, err
	case !plan.isUnwritable && !errors.Is(err, TableNotFound) && x.MayLose():
		return nil, fmt.Errorf("greptime: INSERT into table %s was not sent: the server may store one of its values as NULL or an infinity, and the columns could not be read: %w",
			strconv.Quote(x.Table), err)
	}
	return nil, &sqlinsert.NotNativeError{Reason: fmt.Sprintf("the columns of table %s could not be read: %v", strconv.Quote(x.Table), err), Cause: err}
}

// query asks about the table, in its database. Users who may not read the table cannot write it
// natively.
func (x *insertion) query(ctx context.Context, sql string) (array.RecordReader, error) {
	rd, err := x.session.query(ctx, sql)
	if errors.Is(err, PermissionDenied) {
		return nil, catalog.NewUnwritableError(err)
	}
	return rd, err
}

// isCallError reports whether an error is that of a call that got no answer in time.
func isCallError(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return errors.Is(err, ErrClosed)
	}
	return e.GRPC == codes.Unavailable && e.Code == 0 || e.Code == Cancelled || e.Code == DeadlineExceeded
}

func (x *insertion) cache() *catalog.Cache { return &x.session.client.tables }

func (x *insertion) isKnown() bool {
	_, known, err := x.cache().Lookup(x.session.database, x.Table)
	return known && err == nil
}

func (x *insertion) forget() { x.cache().Drop(x.session.database, x.Table) }
