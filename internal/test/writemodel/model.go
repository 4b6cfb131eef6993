// Package writemodel keeps the truth about the rows that a test writes: which call
// submitted them, what the outcome was according to that call, and how often the server
// stored them. Check compares the two.
//
// A test begins a [Call] for each call that it makes and settles its rows with the result of
// the call. The server, or whoever reads the rows back from it, reports the stored rows to
// the [Model]. A row must be unique: it is a table and a number in it.
package writemodel

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Row is one row of a table.
type Row struct {
	Table  string
	ID     int64
	Delete bool // the deletion of the row, which is executed instead of stored
}

// String returns the row in the form that messages use, such as t/17.
func (r Row) String() string { return Describe([]Row{r}) }

// Describe returns rows in the form that messages use, such as t/1-3 t/5. Consecutive
// numbers are combined.
func Describe(rows []Row) string {
	if len(rows) == 0 {
		return "no rows"
	}
	var text strings.Builder
	for i := 0; i < len(rows); {
		first, n := rows[i], 1
		for i+n < len(rows) && rows[i+n] == (Row{first.Table, first.ID + int64(n), first.Delete}) {
			n++
		}
		last := ""
		if n > 1 {
			last = fmt.Sprintf("-%d", first.ID+int64(n)-1)
		}
		if i > 0 {
			text.WriteByte(' ')
		}
		fmt.Fprintf(&text, "%s/%d%s", first.Table, first.ID, last)
		if first.Delete {
			text.WriteString(" (deletion)")
		}
		i += n
	}
	return text.String()
}

// Outcome is the outcome of a row according to a call.
type Outcome uint8

// The outcomes.
const (
	Open         Outcome = iota // nothing yet
	Acknowledged                // it is written
	Refused                     // it is provably not written
	Unknown                     // it may be written
)

// String returns the outcome as text.
func (o Outcome) String() string {
	return [...]string{"nothing", "that it is written", "that it is not written", "that it may be written"}[o]
}

// driverError is a *greptime.Error.
type driverError interface {
	error
	SafeToRetry() bool // the opposite of Ambiguous
}

// OutcomeOf returns the outcome of rows according to the error that their call returned.
func OutcomeOf(err error) Outcome {
	var e driverError
	switch {
	case err == nil:
		return Acknowledged
	case errors.As(err, &e) && !e.SafeToRetry():
		return Unknown
	}
	return Refused
}

// Model is the truth about the rows of one test. It is safe for concurrent use. A nil Model
// ignores what Store and Note report.
type Model struct {
	name string

	mu       sync.Mutex
	rows     map[Row]*truth
	calls    int
	problems []string // found before Check
	journal  []string
}

// truth is what is known about a row.
type truth struct {
	claims []claim // one for each call that submitted it
	stored int
}

// claim is the outcome of a row according to one call.
type claim struct {
	call    *Call
	outcome Outcome
	err     error // the error that came with the outcome
}

// New returns a Model without rows. Every message begins with the name, such as "seed 17".
func New(name string) *Model { return &Model{name: name, rows: map[Row]*truth{}} }

// Call is a call, or a writer, that submits rows.
type Call struct {
	model      *Model
	name       string
	repeatable bool
	rows       []Row // in the order in which they were submitted
}

// Begin registers a call that submits the given rows. The name describes the call, such as
// "native INSERT"; messages number the calls.
func (m *Model) Begin(name string, rows ...Row) *Call { return m.begin(name, false, rows) }

// BeginRepeatable is like Begin, for a call that is allowed to write rows repeatedly.
func (m *Model) BeginRepeatable(name string, rows ...Row) *Call { return m.begin(name, true, rows) }

func (m *Model) begin(name string, repeatable bool, rows []Row) *Call {
	m.mu.Lock()
	m.calls++
	c := &Call{model: m, name: fmt.Sprintf("call %d (%s)", m.calls, name), repeatable: repeatable}
	m.mu.Unlock()
	c.Submit(rows...)
	return c
}

// String returns the call as messages name it.
func (c *Call) String() string { return c.name }

// Submit adds rows to the call.
func (c *Call) Submit(rows ...Row) {
	m := c.model
	m.mu.Lock()
	defer m.mu.Unlock()
	m.note("%s submits %s", c, Describe(rows))
	c.rows = append(c.rows, rows...)
	for _, r := range rows {
		t := m.truth(r)
		if slices.ContainsFunc(t.claims, func(o claim) bool { return o.call == c }) {
			m.problem("the test submits row %s twice in %s", r, c)
			continue
		}
		t.claims = append(t.claims, claim{call: c})
	}
}

// Settle records the outcome of the given rows according to the call, and its error, if it
// had one. A row is settled once.
func (c *Call) Settle(outcome Outcome, err error, rows ...Row) {
	m := c.model
	m.mu.Lock()
	defer m.mu.Unlock()
	m.note("%s says %s of %s: %v", c, outcome, Describe(rows), err)
	for _, r := range rows {
		t := m.truth(r)
		i := slices.IndexFunc(t.claims, func(o claim) bool { return o.call == c })
		switch {
		case i < 0:
			m.problem("%s says %s of row %s, which it was not given: %v", c, outcome, r, err)
		case t.claims[i].outcome != Open:
			m.problem("%s says %s of row %s (%v), and later %s (%v)", c, t.claims[i].outcome, r, t.claims[i].err, outcome, err)
		default:
			t.claims[i].outcome, t.claims[i].err = outcome, err
		}
	}
}

// SettleRest settles all rows of the call that are not settled yet.
func (c *Call) SettleRest(outcome Outcome, err error) { c.Settle(outcome, err, c.Rest()...) }

// SettleResult settles the rest with what the call returned. Without an error, the number of
// affected rows must be that of the rest.
func (c *Call) SettleResult(affected int64, err error) {
	if rest := len(c.Rest()); err == nil && affected != int64(rest) {
		c.model.mu.Lock()
		c.model.problem("%s says that %d rows are affected, want %d", c, affected, rest)
		c.model.mu.Unlock()
	}
	c.SettleRest(OutcomeOf(err), err)
}

// SettleFailed settles rows that a writer returned because they failed, with what it said of
// them. A *greptime.Error in the reason must say the same.
func (c *Call) SettleFailed(ambiguous bool, err error, rows ...Row) {
	var e driverError
	if errors.As(err, &e) && e.SafeToRetry() == ambiguous {
		c.model.mu.Lock()
		c.model.problem("%s returned %s with Ambiguous %t, and its error says otherwise: %v", c, Describe(rows), ambiguous, err)
		c.model.mu.Unlock()
	}
	outcome := Refused
	if ambiguous {
		outcome = Unknown
	}
	c.Settle(outcome, err, rows...)
}

// Rest returns the rows of the call that are not settled yet, in order.
func (c *Call) Rest() []Row {
	c.model.mu.Lock()
	defer c.model.mu.Unlock()
	var rest []Row
	for _, r := range c.rows {
		for _, o := range c.model.rows[r].claims {
			if o.call == c && o.outcome == Open {
				rest = append(rest, r)
			}
		}
	}
	slices.SortFunc(rest, compareRows)
	return rest
}

// Store records that the server has stored each of the rows once, or once more.
func (m *Model) Store(rows ...Row) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range rows {
		m.truth(r).stored++
	}
}

// Note adds a line to the journal.
func (m *Model) Note(format string, args ...any) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.note(format, args...)
}

// Journal returns what happened, in order: the rows and outcomes of calls, and the notes.
func (m *Model) Journal() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.journal, "\n")
}

// Check compares the outcomes with the stored rows. Call it when all calls have returned
// and the server executes nothing any more. The error names each row that breaks one of
// these rules:
//
//   - Every row is settled exactly once.
//   - An acknowledged row is stored.
//   - A row that every call refused is not stored.
//   - A row is not stored more often than calls wrote or may have written it, unless one of
//     them was allowed to repeat it.
//   - Every stored row was submitted.
func (m *Model) Check() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	problems := slices.Clone(m.problems)
	rows := make([]Row, 0, len(m.rows))
	for r := range m.rows {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, compareRows)
	for _, r := range rows {
		if text := m.rows[r].check(r); text != "" {
			problems = append(problems, text)
		}
	}
	const most = 8
	if n := len(problems) - most; n > 0 {
		problems = append(problems[:most], fmt.Sprintf("and %d more", n))
	}
	errs := make([]error, len(problems))
	for i, text := range problems {
		errs[i] = errors.New(m.name + ": " + text)
	}
	return errors.Join(errs...)
}

// check describes what is wrong with a row, or returns "".
func (t *truth) check(r Row) string {
	may, repeatable := 0, false // calls that may have written it
	acknowledged := 0
	for _, o := range t.claims {
		switch o.outcome {
		case Open:
			return fmt.Sprintf("%s did not say what became of row %s", o.call, r)
		case Acknowledged:
			switch acknowledged++; {
			case t.stored == 0:
				return fmt.Sprintf("row %s is not stored, but %s said that it is", r, o.call)
			case t.stored < acknowledged:
				return fmt.Sprintf("row %s is stored %s, but %s is the call number %d that said that it is", r, times(t.stored), o.call, acknowledged)
			}
		}
		if o.outcome != Refused {
			may++
			repeatable = repeatable || o.call.repeatable
		}
	}
	switch {
	case t.stored == 0 || repeatable:
		return ""
	case len(t.claims) == 0:
		return fmt.Sprintf("row %s is stored, but no call submitted it", r)
	case may == 0:
		last := t.claims[len(t.claims)-1]
		return fmt.Sprintf("row %s is stored %s, but %s said that it is not written: %v", r, times(t.stored), last.call, last.err)
	case t.stored > may:
		return fmt.Sprintf("row %s is stored %s, but %s said %s and must not repeat", r, times(t.stored), t.claims[0].call, t.claims[0].outcome)
	}
	return ""
}

// Counts counts rows by their outcome and by what is stored of them.
type Counts struct {
	Acknowledged int
	Refused      int
	// Unknown counts rows that may be written according to a call. UnknownStored counts
	// those of them that are stored.
	Unknown, UnknownStored int
	Repeated               int // rows that are stored more than once
}

// Add adds the counts of another model.
func (c *Counts) Add(o Counts) {
	c.Acknowledged += o.Acknowledged
	c.Refused += o.Refused
	c.Unknown += o.Unknown
	c.UnknownStored += o.UnknownStored
	c.Repeated += o.Repeated
}

// Counts returns the outcomes of the rows. A row that several calls submitted counts once
// for each.
func (m *Model) Counts() Counts {
	m.mu.Lock()
	defer m.mu.Unlock()
	var n Counts
	for _, t := range m.rows {
		if t.stored > 1 {
			n.Repeated++
		}
		for _, o := range t.claims {
			switch o.outcome {
			case Acknowledged:
				n.Acknowledged++
			case Refused:
				n.Refused++
			case Unknown:
				n.Unknown++
				if t.stored > 0 {
					n.UnknownStored++
				}
			}
		}
	}
	return n
}

// truth returns what is known about a row. The caller holds mu, also for the two methods
// below.
func (m *Model) truth(r Row) *truth {
	t := m.rows[r]
	if t == nil {
		t = &truth{}
		m.rows[r] = t
	}
	return t
}

func (m *Model) problem(format string, args ...any) {
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

func (m *Model) note(format string, args ...any) {
	m.journal = append(m.journal, fmt.Sprintf(format, args...))
}

func compareRows(a, b Row) int {
	return cmp.Or(strings.Compare(a.Table, b.Table), cmp.Compare(a.ID, b.ID), compareBool(a.Delete, b.Delete))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
