package greptimegorm

import (
	"errors"
	"fmt"
	"reflect"

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
			return keysIn(columns, e.Values)
		}
	default:
		if t := reflect.TypeOf(e); t != nil && t.Kind() == reflect.Pointer && t.Elem().PkgPath() == "gorm.io/datatypes" {
			builder.AddError(fmt.Errorf("greptimegorm: datatypes.%s does not know GreptimeDB; write the condition with GreptimeDB's functions: Where(\"json_get_string(body, 'name') = ?\", name)", t.Elem().Name()))
		}
	}
	return e
}

// keysIn returns the condition that the columns have one of the rows of values.
func keysIn(columns []clause.Column, rows []any) clause.Expression {
	var keys anyOf
	for _, row := range rows {
		values, ok := row.([]any)
		if !ok || len(values) != len(columns) {
			return clause.IN{Column: columns, Values: rows}
		}
		var key []clause.Expression
		for i, column := range columns {
			key = append(key, clause.Eq{Column: column, Value: values[i]})
		}
		keys = append(keys, clause.And(key...))
	}
	return keys
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
