package expr

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// Expr is an expression in DuckDB's SQL, and what GreptimeDB would say about it.
type Expr struct {
	SQL string
	// Name is the result's name without an alias, Text the expression inside other
	// names. They differ for columns: ts, and readings.ts.
	Name, Text string
	Result
	Constant
	Traits Trait // one or several
	Form   Form
}

// Result is what is known of an expression's values before DuckDB looks at it.
type Result struct {
	Type schema.Type // the zero Type if it is not known
	// Arrow is the Arrow type of the result where the type alone does not tell it:
	// string views, dictionaries, durations.
	Arrow arrow.DataType
	// Opaque is set if DuckDB holds the value in a form that means something else to it (a
	// time of day as an integer). It can be selected, not computed with.
	Opaque   bool
	Null     bool              // may be NULL
	Metadata map[string]string // of the result's field
}

// Constant is the value of a constant, for the rules that look at it. At most one field
// is set.
type Constant struct {
	Str      *string
	Int      *int64
	Instant  *schema.Instant // of a timestamp or a date
	Interval *Interval
	NaN      bool // is NaN
}

// Trait is what an expression inherits from those it is made of.
type Trait uint8

// The traits, as bits.
const (
	OfColumn   Trait = 1 << iota // depends on a column; otherwise it is a constant
	OfRandom                     // depends on random(), which the server refuses in some places
	OfSubquery                   // depends on a subquery in brackets, as above
	AnyOf                        // is unknown where GreptimeDB says false: IN (subquery) with NULLs
)

// Form is what an expression is in itself.
type Form uint8

// The forms.
const (
	Computed    Form = iota // neither of the others
	PlainColumn             // a column
	Aggregate               // an aggregate, which is a column to HAVING
)

// Is reports whether the expression has a trait.
func (e Expr) Is(t Trait) bool { return e.Traits&t != 0 }

// Typed returns an expression of a type, which gets its name from whoever asked for it.
func Typed(t schema.Type, sql string) Expr { return Expr{SQL: sql, Result: Result{Type: t}} }

// StringView returns a text that GreptimeDB sends as Utf8View.
func StringView(sql string) Expr {
	return Expr{SQL: sql, Result: Result{Type: schema.StringType, Arrow: arrow.BinaryTypes.StringView}}
}

// Combine returns an expression computed from others: it depends on columns and may be
// NULL if one of them does so.
func Combine(sql, text string, t schema.Type, of ...Expr) Expr {
	e := Expr{SQL: sql, Result: Result{Type: t}, Name: text, Text: text}
	for _, o := range of {
		e.Traits |= o.Traits
		e.Null = e.Null || o.Null
	}
	return e
}

// Texts returns the texts of expressions.
func Texts(list []Expr) []string {
	s := make([]string, len(list))
	for i, e := range list {
		s[i] = e.Text
	}
	return s
}

// Arguments returns the texts of a function's arguments, as a result column's name has
// them.
func Arguments(list []Expr) string { return strings.Join(Texts(list), ",") }

// SQLs returns the SQL of expressions, with commas between.
func SQLs(list []Expr) string {
	s := make([]string, len(list))
	for i, e := range list {
		s[i] = e.SQL
	}
	return strings.Join(s, ", ")
}

// Describe names the type of an expression in an error.
func Describe(e Expr) string {
	switch {
	case e.Arrow != nil:
		return e.Arrow.String()
	case e.Type.Known():
		return e.Type.SQL()
	}
	return "an expression of unknown type"
}

// ArrowType returns the Arrow type of an expression, nil if it is not known.
func (e Expr) ArrowType() arrow.DataType {
	switch {
	case e.Arrow != nil:
		return e.Arrow
	case e.Type.Known():
		return e.Type.Arrow()
	}
	return nil
}

// IsInterval reports whether the expression is an INTERVAL.
func (e Expr) IsInterval() bool {
	return e.Interval != nil || e.Arrow != nil && e.Arrow.ID() >= arrow.INTERVAL_MONTHS && e.Arrow.ID() <= arrow.INTERVAL_DAY_TIME || e.Arrow != nil && e.Arrow.ID() == arrow.INTERVAL_MONTH_DAY_NANO
}

// IsNull reports whether the expression is the constant NULL.
func (e Expr) IsNull() bool { return e.Arrow != nil && e.Arrow == arrow.Null }

// IsColumn reports whether a filter sees the expression as a column.
func (e Expr) IsColumn() bool { return e.Form != Computed }
