package engine

import (
	"database/sql/driver"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/greptimetest/internal/translate"
)

// infoTable is a table of information_schema, made anew for each query.
type infoTable struct {
	cols []column
	rows func(e *Engine) [][]driver.Value
}

func number(name string, null bool) column {
	return column{name, arrow.PrimitiveTypes.Uint64, null}
}

func signed(name string) column {
	return column{name, arrow.PrimitiveTypes.Int64, true}
}

// infoTables are the tables that are there. What GreptimeDB has and this server has
// not is Unsupported.
var infoTables map[string]infoTable

func init() {
	infoTables = map[string]infoTable{
		"tables": {
			cols: []column{text0("table_catalog"), text0("table_schema"), text0("table_name"), text0("table_type"), {"table_id", arrow.PrimitiveTypes.Uint32, true},
				number("data_length", true), number("max_data_length", true), number("index_length", true), number("max_index_length", true), number("avg_row_length", true),
				textNull("engine"), number("version", true), textNull("row_format"), number("table_rows", true), number("data_free", true), number("auto_increment", true),
				{"create_time", schema.TimestampType(arrow.Second), true}, {"update_time", schema.TimestampType(arrow.Second), true}, {"check_time", schema.TimestampType(arrow.Second), true},
				textNull("table_collation"), number("checksum", true), textNull("create_options"), textNull("table_comment"), textNull("temporary")},
			rows: (*Engine).infoTablesRows,
		},
		"columns": {
			cols: []column{text0("table_catalog"), text0("table_schema"), text0("table_name"), text0("column_name"), {"ordinal_position", arrow.PrimitiveTypes.Int64, false},
				signed("character_maximum_length"), signed("character_octet_length"), signed("numeric_precision"), signed("numeric_scale"), signed("datetime_precision"),
				textNull("character_set_name"), textNull("collation_name"), text0("column_key"), text0("extra"), text0("privileges"), text0("generation_expression"),
				text0("greptime_data_type"), text0("data_type"), text0("semantic_type"), textNull("column_default"), text0("is_nullable"), text0("column_type"),
				textNull("column_comment"), signed("srs_id")},
			rows: (*Engine).infoColumnsRows,
		},
		"partitions": {
			cols: []column{text0("table_catalog"), text0("table_schema"), text0("table_name"), text0("partition_name"), textNull("subpartition_name"),
				signed("partition_ordinal_position"), signed("subpartition_ordinal_position"), textNull("partition_method"), textNull("subpartition_method"),
				textNull("partition_expression"), textNull("subpartition_expression"), textNull("partition_description"), signed("table_rows"),
				signed("avg_row_length"), signed("data_length"), signed("max_data_length"), signed("index_length"), signed("data_free"),
				{"create_time", schema.TimestampType(arrow.Second), true}, {"update_time", schema.TimestampType(arrow.Second), true}, {"check_time", schema.TimestampType(arrow.Second), true},
				signed("checksum"), textNull("partition_comment"), textNull("nodegroup"), textNull("tablespace_name"), number("greptime_partition_id", true)},
			rows: (*Engine).infoPartitionsRows,
		},
		"schemata": {
			cols: []column{text0("catalog_name"), text0("schema_name"), text0("default_character_set_name"), text0("default_collation_name"), textNull("sql_path"), textNull("options")},
			rows: func(e *Engine) [][]driver.Value {
				var list [][]driver.Value
				for _, db := range slices.Sorted(maps.Keys(e.catalog.Databases)) {
					list = append(list, []driver.Value{schema.CatalogName, db, "utf8", "utf8_bin", nil, ""})
				}
				return list
			},
		},
	}
}

func (e *Engine) infoTablesRows() [][]driver.Value {
	var list [][]driver.Value
	for t := range e.catalog.All() {
		kind, engine := "BASE TABLE", driver.Value("mito")
		if t.View != "" {
			kind, engine = "VIEW", nil
		}
		zero := int64(0)
		list = append(list, []driver.Value{schema.CatalogName, t.Database, t.Name, kind, int64(t.ID), zero, zero, zero, zero, zero,
			engine, int64(11), "Fixed", zero, zero, zero, nil, nil, nil, "utf8_bin", zero, "", orNull(t.Options["comment"]), "N"})
	}
	for _, name := range slices.Sorted(maps.Keys(infoTables)) {
		row := make([]driver.Value, len(infoTables["tables"].cols))
		copy(row, []driver.Value{schema.CatalogName, schema.InformationSchema, name, "LOCAL TEMPORARY"})
		list = append(list, row)
	}
	return list
}

func (e *Engine) infoColumnsRows() [][]driver.Value {
	var list [][]driver.Value
	for t := range e.catalog.All() {
		for i := range t.Columns {
			col := &t.Columns[i]
			list = append(list, slices.Concat([]driver.Value{schema.CatalogName, t.Database, t.Name, col.Name, int64(i + 1)}, measures(col.Type),
				[]driver.Value{col.KeyName(), "", "select,insert", "", col.Type.Name(), col.Type.LowerName(), col.Semantic.String(), orNull(col.DefaultText()),
					e.version.YesNo(col.Nullable), col.Type.LowerName(), orNull(col.Comment), nil}))
		}
	}
	return list
}

// measures returns what information_schema.columns says of a type, from
// character_maximum_length to collation_name.
func measures(t schema.Type) []driver.Value {
	var length, precision, scale, fraction, charset, collation driver.Value
	switch {
	case t.Kind == schema.String:
		length, charset, collation = int64(math.MaxInt32), "utf8", "utf8_bin"
	case t.Kind == schema.Decimal:
		precision, scale = int64(t.Precision), int64(t.Scale)
	case t.IsInteger():
		precision, scale = integerDigits[t.Kind], int64(0)
	case t.Kind == schema.Float32:
		precision = int64(12)
	case t.Kind == schema.Float64:
		precision = int64(22)
	case t.IsTimestamp():
		fraction = int64(3 * (t.Kind - schema.TimestampSecond))
	case t.IsTime():
		fraction = int64(3 * (t.Kind - schema.TimeSecond))
	}
	return []driver.Value{length, length, precision, scale, fraction, charset, collation}
}

var integerDigits = map[schema.Kind]int64{schema.Int8: 3, schema.UInt8: 3, schema.Int16: 5, schema.UInt16: 5, schema.Int32: 10, schema.UInt32: 10, schema.Int64: 19, schema.UInt64: 20}

// InformationTable writes a table of information_schema as a query; see Information.
func (e *Engine) InformationTable(name string) (string, []expr.Expr, bool) {
	info, ok := infoTables[name]
	if !ok {
		return "", nil, false
	}
	cols := make([]expr.Expr, len(info.cols))
	names := make([]string, len(info.cols))
	nulls := make([]string, len(info.cols))
	for i, c := range info.cols {
		t := schema.TypeOf(c.dt)
		cols[i] = expr.Expr{Name: c.name, Result: expr.Result{Type: t, Null: c.null}}
		names[i] = "CAST(" + schema.Quote(c.name) + " AS " + t.Duck() + ") AS " + schema.Quote(c.name)
		nulls[i] = "NULL"
	}
	// The first row only gives VALUES a row to begin with.
	lines := []string{"(" + strings.Join(nulls, ", ") + ")"}
	for _, row := range info.rows(e) {
		vals := make([]string, len(row))
		for i, v := range row {
			switch v := v.(type) {
			case nil:
				vals[i] = "NULL"
			case string:
				vals[i] = schema.QuoteText(v)
			default:
				vals[i] = fmt.Sprint(v)
			}
		}
		lines = append(lines, "("+strings.Join(vals, ", ")+")")
	}
	q := "SELECT " + strings.Join(names, ", ") + " FROM (VALUES " + strings.Join(lines, ", ") + ") AS v" + translate.ColumnList(cols) + " OFFSET 1"
	return q, cols, true
}

// infoPartitionsRows returns a row for each region.
func (e *Engine) infoPartitionsRows() [][]driver.Value {
	var list [][]driver.Value
	for t := range e.catalog.All() {
		if t.View != "" {
			continue
		}
		for n := range t.Regions() {
			row := make([]driver.Value, len(infoTables["partitions"].cols))
			copy(row, []driver.Value{schema.CatalogName, t.Database, t.Name, "p" + strconv.Itoa(n), nil, int64(n + 1)})
			if len(t.Partitions.Rules) > 0 {
				row[7], row[9], row[11] = "RANGE", strings.Join(t.Partitions.Columns, ", "), t.Partitions.Rules[n]
			}
			row[25] = int64(t.ID)<<32 + int64(n)
			list = append(list, row)
		}
	}
	return list
}
