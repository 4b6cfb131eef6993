package insert

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/metadata"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/request"
	"github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/tracing"
	"github.com/greptime-go/greptime/internal/transport"
)

// Write inserts the rows of tables and returns the number of rows that the server accepted: all
// of them, including duplicates, unless the table drops them (ttl=instant). The server creates
// missing tables and columns; see [Options] for that and other choices.
//
// Write leaves out tables without rows. The others travel in one request if they fit
// Config.MaxMessageSize, and otherwise in several, sent one after the other. GreptimeDB has no
// transactions: if a request fails, any of its rows may be written, of any of its tables. If
// there are several requests, Write then returns the number of rows of the requests before the
// failed one.
//
// An error of the server is a *greptime.Error. Its Ambiguous is false only if it is proved that
// no row of the call was written; see [greptime.Error]. If there are no rows, the error is
// [ErrNoRows].
func Write(ctx context.Context, pool greptime.Pool, tables ...*Table) (int64, error) {
	return Options{}.Write(ctx, pool, tables...)
}

// Delete deletes by key: each row must have all tags of its table and the time index; other
// columns are ignored. It returns the number of keys, whether or not there were rows with them.
// Its errors are those of Write. Tables in append mode refuse deletes.
func Delete(ctx context.Context, pool greptime.Pool, keys ...*Table) (int64, error) {
	return Options{}.Delete(ctx, pool, keys...)
}

// Write inserts as the function [Write] does, with options.
func (o Options) Write(ctx context.Context, pool greptime.Pool, tables ...*Table) (int64, error) {
	return o.send(ctx, pool, request.Insert, tables)
}

// Delete deletes as the function [Delete] does, with options.
func (o Options) Delete(ctx context.Context, pool greptime.Pool, keys ...*Table) (int64, error) {
	return o.send(ctx, pool, request.Delete, keys)
}

func (o Options) send(ctx context.Context, pool greptime.Pool, op request.Operation, tables []*Table) (int64, error) {
	s, md, err := o.open(ctx, pool)
	if err != nil {
		return 0, err
	}
	ctx, cancel := s.Limit(ctx)
	defer cancel()
	header, err := s.EncodedHeader(ctx)
	if err != nil {
		return 0, err
	}
	requests, err := split(tables, len(header), s.MaxMessageSize())
	if err != nil {
		return 0, err
	}
	ctx, call := startTrace(ctx, s, kindOf(op), tables...)
	affected, err := o.sendRequests(ctx, s, md, header, op, requests, call)
	if call != nil {
		call.Rows = affected
		call.End(err)
	}
	return affected, err
}

// sendRequests sends requests one after the other, until one fails. call may be nil.
func (o Options) sendRequests(ctx context.Context, s session.Session, md metadata.MD, header []byte, op request.Operation, requests [][]request.Rows, call *tracing.Call) (int64, error) {
	var affected int64
	for i, rows := range requests {
		s.Writes().Add(1)
		encoded := request.Encode(header, op, rows...)
		answer, err := s.Channels().Handle(ctx, transport.HandleRequest{Request: encoded, Metadata: md, Repeatable: o.AtLeastOnce})
		noteRequest(call, encoded, answer.Endpoint)
		if err != nil {
			w := writeOf(op, rows)
			w.Requests, w.MayAsk = i+1, true
			if err = s.Error(ctx, err, w); !isAmbiguous(err) {
				s.Writes().TakeBack(1)
			}
			if len(requests) > 1 {
				err = fmt.Errorf("request %d of %d (those before it were executed, those after it were not sent): %w", i+1, len(requests), err)
			}
			return affected, err
		}
		affected += int64(answer.Affected)
	}
	return affected, nil
}

// writeOf describes a request as a write.
func writeOf(op request.Operation, rows []request.Rows) session.Write {
	w := session.Write{Kind: session.Rows, Tables: len(rows), Requests: 1}
	if op == request.Delete {
		w.Kind = session.Keys
	}
	for i := range rows {
		w.Rows += rows[i].Count
		w.Table = rows[i].Table
	}
	return w
}

// isAmbiguous reports whether a request that failed may have been executed.
func isAmbiguous(err error) bool {
	var e *greptime.Error
	return errors.As(err, &e) && e.Ambiguous
}

// open returns the session of a connection and the metadata of a call with the options. The
// connection is back in its pool then.
func (o *Options) open(ctx context.Context, pool greptime.Pool) (session.Session, metadata.MD, error) {
	hints, err := o.hints()
	if err != nil {
		return nil, nil, err
	}
	s, err := session.Open(ctx, pool)
	if err != nil {
		return nil, nil, err
	}
	md, err := s.Hints(hints)
	return s, md, err
}
