package expr

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

func arithmetic(op string, l, r Expr) (Expr, error) {
	text := l.Text + " " + op + " " + r.Text
	switch {
	case l.Type.IsTimestamp() && r.Interval != nil && (op == "+" || op == "-"):
		sql, err := shift(l, op, *r.Interval)
		return Combine(sql, text, l.Type, l, r), err
	case r.Type.IsTimestamp() && l.Interval != nil && op == "+":
		sql, err := shift(r, op, *l.Interval)
		return Combine(sql, text, r.Type, l, r), err
	case l.Type.Kind == schema.Date && r.Interval != nil && (op == "+" || op == "-") && r.Interval.Nanos == 0:
		return Combine("CAST("+l.SQL+" "+op+" "+r.SQL+" AS DATE)", text, l.Type, l, r), nil
	case l.Type.IsTimestamp() && r.Type.IsTimestamp() && op == "-" && l.Type.Same(r.Type):
		e := Combine("("+UnitsOf(l)+" - "+UnitsOf(r)+")", text, schema.Int64Type, l, r)
		e.Arrow = &arrow.DurationType{Unit: l.Type.Arrow().(*arrow.TimestampType).Unit}
		e.Opaque = true
		return e, nil
	}
	if l.Arrow != nil && l.Arrow == arrow.Null {
		l.Type = r.Type
	}
	if r.Arrow != nil && r.Arrow == arrow.Null {
		r.Type = l.Type
	}
	switch {
	case l.Type.Known() && !l.Type.IsNumber(), r.Type.Known() && !r.Type.IsNumber(), l.Arrow != nil && l.Arrow != arrow.Null, r.Arrow != nil && r.Arrow != arrow.Null:
		return Expr{}, schema.NotSupported("%s %s %s", Describe(l), op, Describe(r))
	case (l.Type.Kind == schema.Decimal || r.Type.Kind == schema.Decimal) && !l.Type.IsFloat() && !r.Type.IsFloat():
		return decimalArithmetic(op, text, l, r)
	}
	t, ok := numberType(l.Type, r.Type)
	if !ok {
		return Expr{}, schema.NotSupported("%s %s %s; CAST one of them", Describe(l), op, Describe(r))
	}
	if !t.Known() && (op == "/" || op == "%") {
		return Expr{}, schema.NotSupported("%s of values whose types are not known; CAST them", op)
	}
	sql := "(" + l.SQL + " " + op + " " + r.SQL + ")"
	if (op == "/" || op == "%") && !t.IsFloat() {
		f := map[string]string{"/": "greptime_divide", "%": "greptime_modulo"}[op]
		sql = f + "(" + l.SQL + ", " + r.SQL + ")"
	}
	if t.Known() {
		sql = "CAST(" + sql + " AS " + t.Duck() + ")"
	}
	return Combine(sql, text, t, l, r), nil
}

// decimalArithmetic adds, subtracts and multiplies decimals and integers, which
// count as decimals of all their digits, with Arrow's precision and scale.
func decimalArithmetic(op, text string, l, r Expr) (Expr, error) {
	a, ok1 := decimalType(l.Type)
	b, ok2 := decimalType(r.Type)
	t := schema.Type{Kind: schema.Decimal}
	switch {
	case !ok1 || !ok2:
		return Expr{}, schema.NotSupported("%s %s %s", Describe(l), op, Describe(r))
	case op == "+" || op == "-":
		t.Scale = max(a.Scale, b.Scale)
		t.Precision = min(38, max(a.Precision-a.Scale, b.Precision-b.Scale)+t.Scale+1)
		a, b = schema.Type{Kind: schema.Decimal, Precision: 38, Scale: t.Scale}, schema.Type{Kind: schema.Decimal, Precision: 38, Scale: t.Scale}
	case op == "*" && a.Scale+b.Scale <= 38:
		t.Scale = a.Scale + b.Scale
		t.Precision = min(38, a.Precision+b.Precision+1)
	default:
		return Expr{}, schema.NotSupported("%s of DECIMAL; CAST to DOUBLE, or compute in the program", op)
	}
	sql := fmt.Sprintf("CAST(CAST(%s AS %s) %s CAST(%s AS %s) AS %s)", l.SQL, a.Duck(), op, r.SQL, b.Duck(), t.Duck())
	return Combine(sql, text, t, l, r), nil
}

// decimalType returns the decimal that a number counts as.
func decimalType(t schema.Type) (schema.Type, bool) {
	digits := map[schema.Kind]int32{schema.Int8: 3, schema.UInt8: 3, schema.Int16: 5, schema.UInt16: 5, schema.Int32: 10, schema.UInt32: 10, schema.Int64: 20, schema.UInt64: 20}[t.Kind]
	if digits > 0 {
		return schema.Type{Kind: schema.Decimal, Precision: digits}, true
	}
	return t, t.Kind == schema.Decimal
}

// numberType returns the type of an arithmetic result, where DuckDB and DataFusion agree
// on it or a cast makes them; the zero Type if that is left to DuckDB, false if they
// do not agree.
func numberType(l, r schema.Type) (schema.Type, bool) {
	switch {
	case l.Kind == schema.Float64 || r.Kind == schema.Float64:
		return schema.DoubleType, true
	case !l.Known() || !r.Known():
		return schema.Type{}, true
	case l.Kind == schema.Decimal || r.Kind == schema.Decimal: // with FLOAT, as the caller has it
		return schema.Type{}, false
	case l.Kind == schema.Float32 || r.Kind == schema.Float32:
		return schema.Type{Kind: schema.Float32}, true
	case l.IsUnsigned() == r.IsUnsigned():
		return schema.Type{Kind: max(l.Kind, r.Kind)}, true
	}
	unsigned, signed := l.Kind, r.Kind
	if r.IsUnsigned() {
		unsigned, signed = r.Kind, l.Kind
	}
	switch {
	case unsigned == schema.UInt64: // a Decimal128(20, 0) there
		return schema.Type{}, false
	case unsigned == schema.UInt32 || signed == schema.Int64:
		return schema.Int64Type, true
	case unsigned == schema.UInt16 || signed == schema.Int32:
		return schema.Int32Type, true
	default:
		return schema.Type{Kind: schema.Int16}, signed == schema.Int8
	}
}
