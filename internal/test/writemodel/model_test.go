package writemodel_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/writemodel"
)

var (
	a = writemodel.Row{Table: "t", ID: 1}
	b = writemodel.Row{Table: "t", ID: 2}
)

// Each case is a short history, and the result of Check for it.
func TestCheck(t *testing.T) {
	t.Parallel()
	refusal := errors.New("no")
	for _, tt := range []struct {
		name string
		do   func(*writemodel.Model)
		want string // empty: nothing is wrong
	}{
		{"acknowledged and stored", func(m *writemodel.Model) {
			m.Store(a, b)
			m.Begin("x", a, b).SettleRest(writemodel.Acknowledged, nil)
		}, ""},
		{"acknowledged and lost", func(m *writemodel.Model) {
			m.Begin("x", a, b).SettleRest(writemodel.Acknowledged, nil)
			m.Store(a)
		}, "seed 7: row t/2 is not stored, but call 1 (x) said that it is"},
		{"refused", func(m *writemodel.Model) { m.Begin("x", a).SettleRest(writemodel.Refused, refusal) }, ""},
		{"refused and stored", func(m *writemodel.Model) {
			c := m.Begin("x", a, b)
			m.Store(b)
			c.SettleRest(writemodel.Refused, refusal)
		}, "seed 7: row t/2 is stored once, but call 1 (x) said that it is not written: no"},
		{"refused and stored by a call that may repeat", func(m *writemodel.Model) {
			m.BeginRepeatable("x", a).SettleRest(writemodel.Refused, refusal)
			m.Store(a)
		}, "seed 7: row t/1 is stored once, but call 1 (x) said that it is not written: no"},
		{"unknown and stored in part", func(m *writemodel.Model) {
			m.Begin("x", a, b).SettleRest(writemodel.Unknown, refusal)
			m.Store(b)
		}, ""},
		{"stored twice", func(m *writemodel.Model) {
			m.Begin("x", a).SettleRest(writemodel.Unknown, refusal)
			m.Store(a)
			m.Store(a)
		}, "seed 7: row t/1 is stored 2 times, but call 1 (x) said that it may be written and must not repeat"},
		{"stored twice by a call that may repeat", func(m *writemodel.Model) {
			m.BeginRepeatable("x", a).SettleRest(writemodel.Acknowledged, nil)
			m.Store(a, a)
		}, ""},
		{"submitted again after a refusal", func(m *writemodel.Model) {
			m.Begin("x", a).SettleRest(writemodel.Refused, refusal)
			m.Begin("y", a).SettleRest(writemodel.Acknowledged, nil)
			m.Store(a)
		}, ""},
		{"submitted again after a refusal that was none", func(m *writemodel.Model) {
			m.Begin("x", a).SettleRest(writemodel.Refused, refusal)
			m.Begin("y", a).SettleRest(writemodel.Acknowledged, nil)
			m.Store(a, a)
		}, "seed 7: row t/1 is stored 2 times, but call 1 (x) said that it is not written and must not repeat"},
		{"submitted again after an unknown outcome", func(m *writemodel.Model) {
			m.Begin("x", a).SettleRest(writemodel.Unknown, refusal)
			m.Begin("y", a).SettleRest(writemodel.Acknowledged, nil)
			m.Store(a, a)
		}, ""},
		{"acknowledged twice and stored once", func(m *writemodel.Model) {
			m.Begin("x", a).SettleRest(writemodel.Acknowledged, nil)
			m.Store(a)
			m.Begin("y", a).SettleRest(writemodel.Acknowledged, nil)
		}, "seed 7: row t/1 is stored once, but call 2 (y) is the call number 2 that said that it is"},
		{"never settled", func(m *writemodel.Model) {
			m.Begin("x", a, b).Settle(writemodel.Refused, refusal, a)
		}, "seed 7: call 1 (x) did not say what became of row t/2"},
		{"settled twice", func(m *writemodel.Model) {
			c := m.Begin("x", a)
			c.SettleRest(writemodel.Refused, refusal)
			c.Settle(writemodel.Unknown, nil, a)
		}, "seed 7: call 1 (x) says that it is not written of row t/1 (no), and later that it may be written (<nil>)"},
		{"settled without having been submitted", func(m *writemodel.Model) {
			m.Begin("x", a).Settle(writemodel.Refused, refusal, a, b)
		}, "seed 7: call 1 (x) says that it is not written of row t/2, which it was not given: no"},
		{"refused, unless the error is ambiguous", func(m *writemodel.Model) {
			m.Begin("x", a).SettleResult(0, &greptime.Error{Message: "no"})
			m.Begin("y", b).SettleResult(0, &greptime.Error{Message: "lost", Ambiguous: true})
			m.Store(b)
		}, ""},
		{"affected rows of another number", func(m *writemodel.Model) {
			m.Store(a, b)
			m.Begin("x", a, b).SettleResult(1, nil)
		}, "seed 7: call 1 (x) says that 1 rows are affected, want 2"},
		{"failed as its error says", func(m *writemodel.Model) {
			c := m.Begin("x", a, b)
			c.SettleFailed(false, &greptime.Error{Message: "no"}, a)
			c.SettleFailed(true, errors.New("no ack"), b)
		}, ""},
		{"failed with an error that says otherwise", func(m *writemodel.Model) {
			m.Begin("x", a).SettleFailed(true, &greptime.Error{Message: "no"}, a)
		}, "seed 7: call 1 (x) returned t/1 with Ambiguous true, and its error says otherwise: greptime: no"},
		{"stored by nobody", func(m *writemodel.Model) { m.Store(a) }, "seed 7: row t/1 is stored, but no call submitted it"},
		{"a deletion is another row", func(m *writemodel.Model) {
			m.Begin("x", a).SettleRest(writemodel.Acknowledged, nil)
			m.Store(a)
			deletion := writemodel.Row{Table: "t", ID: 1, Delete: true}
			m.Begin("y", deletion).SettleRest(writemodel.Refused, refusal)
			m.Store(deletion)
		}, "seed 7: row t/1 (deletion) is stored once, but call 2 (y) said that it is not written: no"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := writemodel.New("seed 7")
			tt.do(m)
			got := ""
			if err := m.Check(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestCheckNamesSomeOfManyRows(t *testing.T) {
	t.Parallel()
	m := writemodel.New("seed 7")
	for i := range int64(20) {
		m.Store(writemodel.Row{Table: "t", ID: i})
	}
	lines := strings.Split(m.Check().Error(), "\n")
	if len(lines) != 9 || lines[0] != "seed 7: row t/0 is stored, but no call submitted it" || lines[8] != "seed 7: and 12 more" {
		t.Errorf("%q", lines)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	m := writemodel.New("")
	row := func(id int64) writemodel.Row { return writemodel.Row{Table: "t", ID: id} }
	c := m.Begin("x", row(1), row(2), row(3), row(4))
	c.Settle(writemodel.Acknowledged, nil, row(1))
	c.Settle(writemodel.Refused, nil, row(2))
	m.Store(row(1), row(3), row(3))
	c.SettleRest(writemodel.Unknown, nil)
	if got, want := m.Counts(), (writemodel.Counts{Acknowledged: 1, Refused: 1, Unknown: 2, UnknownStored: 1, Repeated: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	row := func(id int64) writemodel.Row { return writemodel.Row{Table: "t", ID: id} }
	for _, tt := range []struct {
		rows []writemodel.Row
		want string
	}{
		{nil, "no rows"},
		{[]writemodel.Row{a}, "t/1"},
		{[]writemodel.Row{row(1), row(2), row(3), row(5)}, "t/1-3 t/5"},
		{[]writemodel.Row{row(2), row(1)}, "t/2 t/1"},
		{[]writemodel.Row{row(1), {Table: "u", ID: 2}}, "t/1 u/2"},
		{[]writemodel.Row{{Table: "t", ID: 1, Delete: true}, {Table: "t", ID: 2, Delete: true}, row(3)}, "t/1-2 (deletion) t/3"},
	} {
		if got := writemodel.Describe(tt.rows); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	m := writemodel.New("")
	c := m.Begin("x", a)
	m.Note("the server answers %d", 3)
	c.SettleRest(writemodel.Acknowledged, nil)
	want := "call 1 (x) submits t/1\nthe server answers 3\ncall 1 (x) says that it is written of t/1: <nil>"
	if got := m.Journal(); got != want {
		t.Errorf("%s", got)
	}
}
