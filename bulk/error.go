package bulk

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/doubt"
)

var (
	// ErrTimeout reports that a stream was cancelled because the server acknowledged nothing
	// within Options.Timeout.
	ErrTimeout = errors.New("greptime: bulk: no ack within Timeout")

	// ErrUnanswered reports that the server ended a stream with OK without answering the batch.
	// GreptimeDB 1.0.2 does so when its task panics, and when the answer with an error does not
	// fit its queue.
	ErrUnanswered = errors.New("greptime: bulk: the server ended the stream with OK, but did not acknowledge the batch")

	// ErrAckLost reports that the server acknowledged a later batch of the stream. It answers in
	// order, so an answer was lost. The batch is most likely written.
	ErrAckLost = errors.New("greptime: bulk: the server acknowledged a later batch, but not this one")

	// ErrTableChanged reports that a column of the table was dropped or changed since the Writer
	// was created, or that one was added for which its batches cannot get a value. The text of the
	// error names the column. The Writer writes nothing more.
	ErrTableChanged = errors.New("greptime: bulk: the table's columns have changed")

	// ErrClosed reports that the Writer was closed. The batch was not accepted.
	ErrClosed = errors.New("greptime: bulk: the writer is closed")
)

// WriteError reports batches that the server did not acknowledge. Wait returns it for one
// batch; Flush and Close return it for those that no Wait has reported.
type WriteError struct {
	Table  string
	Failed []FailedBatch // in the order of their IDs
}

// FailedBatch is a batch that the server did not acknowledge.
type FailedBatch struct {
	ID   int64
	Rows int

	// Ambiguous reports that the batch may have been written, in whole or in part, by any attempt.
	// If it is false, it is proved that nothing of it was written. A *greptime.Error in Err has
	// the same Ambiguous, and if it is true, there is one.
	Ambiguous bool

	// Err is the reason, for example an error of the server, one of ErrTimeout, ErrUnanswered,
	// ErrAckLost, ErrTableChanged and greptime.ErrClosed, or the context's error.
	Err error

	message *message
}

// Batch returns the rows of the failed batch, so that you can read them or write them again.
// Each call returns a new Batch.
func (f *FailedBatch) Batch() (*Batch, error) {
	if f.message == nil {
		return nil, errors.New("greptime: bulk: the failed batch has no rows")
	}
	columns, err := f.message.Decode()
	if err != nil {
		return nil, fmt.Errorf("greptime: bulk: batch %d: %w", f.ID, err)
	}
	return &Batch{table: f.message.layout.table, columns: columns, rows: f.message.Rows()}, nil
}

// Error returns the table, the IDs and the reasons as text.
func (e *WriteError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "greptime: bulk: table %s: ", strconv.Quote(e.Table))
	if len(e.Failed) == 1 {
		fmt.Fprintf(&b, "batch %d (%d rows) failed", e.Failed[0].ID, e.Failed[0].Rows)
	} else {
		fmt.Fprintf(&b, "%d batches failed: %s", len(e.Failed), idList(e.IDs()))
	}
	switch ambiguous := e.AmbiguousIDs(); {
	case len(ambiguous) == 0:
		b.WriteString("; no row was written")
	case len(ambiguous) == len(e.Failed):
		b.WriteString("; rows may have been written")
	default:
		fmt.Fprintf(&b, "; rows of %s may have been written, and no row of the others", idList(ambiguous))
	}
	last := ""
	for i := range e.Failed {
		if text := strings.TrimPrefix(e.Failed[i].Err.Error(), "greptime: bulk: "); text != last {
			last = text
			b.WriteString(": " + text)
		}
	}
	return b.String()
}

// idList returns ids for a message, without the end of a long list.
func idList(ids []int64) string {
	const most = 20
	var b strings.Builder
	for i, id := range ids {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(ids)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.FormatInt(id, 10))
	}
	return b.String()
}

// Unwrap returns the reasons, each once. Those of ambiguous batches come first: so errors.As
// finds an ambiguous *greptime.Error before any other.
func (e *WriteError) Unwrap() []error {
	var list []error
	for _, ambiguous := range []bool{true, false} {
		for i := range e.Failed {
			f := &e.Failed[i]
			if f.Ambiguous == ambiguous && (len(list) == 0 || list[len(list)-1] != f.Err) {
				list = append(list, f.Err)
			}
		}
	}
	return list
}

// IDs returns the IDs of the batches.
func (e *WriteError) IDs() []int64 {
	ids := make([]int64, len(e.Failed))
	for i := range e.Failed {
		ids[i] = e.Failed[i].ID
	}
	return ids
}

// AmbiguousIDs returns the IDs of the batches that may have been written.
func (e *WriteError) AmbiguousIDs() []int64 {
	var ids []int64
	for i := range e.Failed {
		if e.Failed[i].Ambiguous {
			ids = append(ids, e.Failed[i].ID)
		}
	}
	return ids
}

// inDoubt returns err, the error of the last attempt of a batch that this or an earlier one may
// have written, with a *greptime.Error that says so. err itself is unchanged: other batches may
// have it, too.
func inDoubt(err error) error {
	var e *greptime.Error
	if !errors.As(err, &e) {
		return doubt.With(err, &greptime.Error{Message: err.Error(), Ambiguous: true})
	}
	if e.Ambiguous {
		return err
	}
	ambiguous := *e
	ambiguous.Ambiguous = true
	if err == error(e) {
		return &ambiguous
	}
	return doubt.With(err, &ambiguous)
}

// contentless reports whether the error is the one behind which GreptimeDB before 1.1.2
// hides whatever was wrong with a bulk load.
func contentless(e *greptime.Error) bool {
	return e.Code == 0 && e.GRPC == codes.Unknown && e.Message == "Execute gRPC request error"
}

// serverRefused reports whether the server itself ended the stream because of a batch: then
// it is the first that was not answered, and those after it were not processed.
func serverRefused(e *greptime.Error) bool {
	switch e.Code {
	case 0:
		return contentless(e)
	case greptime.Cancelled, greptime.DeadlineExceeded:
		return false // may be gRPC's own
	}
	return true
}

// explain adds to a contentless error what it can mean for this table, and how to find
// out. What is checked before sending is not among it.
func (w *Writer) explain(e *greptime.Error) error {
	if !contentless(e) {
		return e
	}
	causes := []string{
		"the table was dropped, or columns were added or changed just before",
		"the user may only read",
	}
	if !w.verified {
		causes = []string{
			"the table does not exist in this database, or is a view",
			"it has a column that Options.Schema has not, or a column of another type, time unit, precision or length (every one must be there, and nothing is cast)",
			"a column that is NOT NULL got a NULL",
			"the user may only read",
		}
	}
	return fmt.Errorf("%w; GreptimeDB before 1.1.2 does not say why a bulk load fails. Possible causes: %s. To find out, write a row of the batch with package insert, whose errors have a text, compare with DESC TABLE %s, or look into the server's log",
		e, strings.Join(causes, "; "), strconv.Quote(w.table.Name))
}

// tooLongError is a batch that no message can carry.
type tooLongError struct {
	table            string
	rows, size, most int // size and most in bytes
}

func (e *tooLongError) Error() string {
	return fmt.Sprintf("greptime: bulk: table %s: the batch of %d rows takes %d bytes, and a message can have %d; write fewer rows at a time (max_message_size is the limit, which the server has, too)",
		strconv.Quote(e.table), e.rows, e.size, e.most)
}
