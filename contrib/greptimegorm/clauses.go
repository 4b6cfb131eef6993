package greptimegorm

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// clauseBuilders write the clauses that GreptimeDB reads differently from what GORM writes.
var clauseBuilders = map[string]clause.ClauseBuilder{
	"WHERE":    buildWhere,
	"ORDER BY": buildOrderBy,
	"FOR":      buildFor,
}

// buildFor reports an error in place of FOR UPDATE.
func buildFor(_ clause.Clause, builder clause.Builder) {
	builder.AddError(errors.New("greptimegorm: clause.Locking: GreptimeDB has no locks; leave it out"))
}

// buildOrderBy orders by time where GORM orders by the primary key of several columns, as First
// and Last do.
func buildOrderBy(c clause.Clause, builder clause.Builder) {
	orderBy, ok := c.Expression.(clause.OrderBy)
	stmt, isStatement := builder.(*gorm.Statement)
	if !ok || !isStatement || stmt.Schema == nil || len(stmt.Schema.PrimaryFields) < 2 {
		c.Build(builder)
		return
	}
	columns := make([]clause.OrderByColumn, len(orderBy.Columns))
	for i, column := range orderBy.Columns {
		if column.Column.Name == clause.PrimaryKey {
			if limit, ok := stmt.Clauses["LIMIT"].Expression.(clause.Limit); !ok || limit.Limit == nil || *limit.Limit != 1 {
				builder.AddError(errFindInBatches(stmt))
			}
			if timeIndex, err := timeIndexOf(stmt.Schema); err == nil {
				column.Column.Name = timeIndex.DBName
			}
		}
		columns[i] = column
	}
	orderBy.Columns = columns
	c.Expression = orderBy
	c.Build(builder)
}

// errFindInBatches returns the error of FindInBatches for a key of several columns: it goes on
// after the last value of one column, and so would leave rows out.
func errFindInBatches(stmt *gorm.Statement) error {
	return fmt.Errorf("greptimegorm: FindInBatches needs a primary key of one column, and %s has %q; use Rows and ScanRows, which do not hold all rows either: %w",
		stmt.Schema.Name, stmt.Schema.PrimaryFieldDBNames, gorm.ErrPrimaryKeyRequired)
}

// buildWhere writes conditions about keys of several columns with AND and OR in place of
// (a, b) IN ((…), (…)), which GreptimeDB does not take for each type.
func buildWhere(c clause.Clause, builder clause.Builder) {
	if where, ok := c.Expression.(clause.Where); ok {
		where.Exprs = conditions(where.Exprs, builder)
		c.Expression = where
	}
	c.Build(builder)
}

// conditions returns the conditions as GreptimeDB takes them.
func conditions(exprs []clause.Expression, builder clause.Builder) []clause.Expression {
	result := make([]clause.Expression, len(exprs))
	for i, e := range exprs {
		result[i] = condition(e, builder)
	}
	return result
}

func condition(e clause.Expression, builder clause.Builder) clause.Expression {
	switch e := e.(type) {
	case clause.AndConditions:
		return clause.AndConditions{Exprs: conditions(e.Exprs, builder)}
	case clause.OrConditions:
		return clause.OrConditions{Exprs: conditions(e.Exprs, builder)}
	case clause.NotConditions:
		return clause.NotConditions{Exprs: conditions(e.Exprs, builder)}
	case clause.Gt:
		column, ok := e.Column.(clause.Column)
		if stmt, isStatement := builder.(*gorm.Statement); ok && isStatement && column.Name == clause.PrimaryKey && stmt.Schema != nil && len(stmt.Schema.PrimaryFields) > 1 {
			builder.AddError(errFindInBatches(stmt))
		}
	case clause.IN:
		if columns, ok := e.Column.([]clause.Column); ok {
			return keysIn(columns, e.Values, builder)
		}
		values := make([]any, len(e.Values))
		for i, v := range e.Values {
			values[i] = storedTime(e.Column, v, builder)
		}
		e.Values = values
		return e
	case clause.Eq:
		e.Value = storedTime(e.Column, e.Value, builder)
		return e
	case clause.Neq:
		e.Value = storedTime(e.Column, e.Value, builder)
		return e
	case anyOf:
		return anyOf(conditions(e, builder))
	default:
		if t := reflect.TypeOf(e); t != nil && t.Kind() == reflect.Pointer && t.Elem().PkgPath() == "gorm.io/datatypes" {
			builder.AddError(fmt.Errorf("greptimegorm: datatypes.%s does not know GreptimeDB; write the condition with GreptimeDB's functions: Where(\"json_get_string(body, 'name') = ?\", name)", t.Elem().Name()))
		}
	}
	return e
}

// keysIn returns the condition that the columns have one of the rows of values.
func keysIn(columns []clause.Column, rows []any, builder clause.Builder) clause.Expression {
	var keys anyOf
	for _, row := range rows {
		values, ok := row.([]any)
		if !ok || len(values) != len(columns) {
			return clause.IN{Column: columns, Values: rows}
		}
		var key []clause.Expression
		for i, column := range columns {
			key = append(key, condition(clause.Eq{Column: column, Value: values[i]}, builder))
		}
		keys = append(keys, clause.And(key...))
	}
	return keys
}

// units are the units of the types of timestamps.
var units = map[string]time.Duration{
	"TIMESTAMP(0)": time.Second,
	"TIMESTAMP(3)": time.Millisecond,
	"TIMESTAMP(6)": time.Microsecond,
	"TIMESTAMP(9)": time.Nanosecond,
}

// storedTime returns a time to compare with a column of the statement's model as the column
// stores it, in its own unit: GreptimeDB 1.1.3 and later compare all digits. Other values and
// columns stay as they are.
func storedTime(column, value any, builder clause.Builder) any {
	stmt, ok := builder.(*gorm.Statement)
	if !ok || stmt.Schema == nil {
		return value
	}
	c, ok := column.(clause.Column)
	if !ok || c.Raw || c.Table != "" && c.Table != clause.CurrentTable && c.Table != stmt.Table {
		return value
	}
	name := c.Name
	if name == clause.PrimaryKey && stmt.Schema.PrioritizedPrimaryField != nil {
		name = stmt.Schema.PrioritizedPrimaryField.DBName
	}
	field := stmt.Schema.LookUpField(name)
	if field == nil {
		return value
	}
	unit, ok := units[normal(stmt.DataTypeOf(field))]
	if !ok {
		return value
	}
	if t, ok := timeOf(value); ok {
		return t.Truncate(unit)
	}
	return value
}

// timeOf returns the time that an argument is, and whether it is one.
func timeOf(value any) (time.Time, bool) {
	if rv := reflect.ValueOf(value); rv.Kind() == reflect.Pointer && rv.IsNil() {
		return time.Time{}, false
	}
	switch v := value.(type) {
	case time.Time:
		return v, true
	case *time.Time:
		return *v, true
	case driver.Valuer:
		value, err := v.Value()
		t, ok := value.(time.Time)
		return t, ok && err == nil // the driver reports an error
	}
	return time.Time{}, false
}

// anyOf is the condition that one of its members holds. It nests them evenly: the server works
// on a condition recursively, and a chain of thousands of ORs is as deep as it is long.
type anyOf []clause.Expression

var _ clause.NegationExpressionBuilder = anyOf(nil)

// Build writes the condition in parentheses.
func (a anyOf) Build(builder clause.Builder) {
	switch len(a) {
	case 0:
		builder.WriteString("FALSE")
	case 1:
		a[0].Build(builder)
	default:
		builder.WriteByte('(')
		a[:len(a)/2].Build(builder)
		builder.WriteString(" OR ")
		a[len(a)/2:].Build(builder)
		builder.WriteByte(')')
	}
}

// NegationBuild writes the condition that no member holds.
func (a anyOf) NegationBuild(builder clause.Builder) {
	builder.WriteString("NOT (")
	a.Build(builder)
	builder.WriteByte(')')
}
