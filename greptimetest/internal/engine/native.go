package engine

import (
	"context"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// nativeColumn is a column as a native insert declares it.
type nativeColumn struct {
	name     string
	typ      schema.Type
	declared v1.ColumnDataType
	semantic schema.Semantic
}

// nativeTable is one table's part of a native insert: rows of values of the
// protocol.
type nativeTable struct {
	name string
	cols []nativeColumn
	rows [][]*v1.Value
}

// InsertRows writes a RowInsertRequests and returns the rows accepted.
func (e *Engine) InsertRows(ctx context.Context, s *schema.Session, req *v1.RowInsertRequests) (int, error) {
	tables, err := rowTables(req.GetInserts())
	if err != nil {
		return 0, err
	}
	return e.insertNative(ctx, s, tables)
}

// InsertColumns writes an InsertRequests.
func (e *Engine) InsertColumns(ctx context.Context, s *schema.Session, req *v1.InsertRequests) (int, error) {
	var tables []nativeTable
	for _, r := range req.GetInserts() {
		if r.GetRowCount() == 0 {
			continue
		}
		t, err := columnTable(r.GetTableName(), r.GetColumns(), int(r.GetRowCount()))
		if err != nil {
			return 0, err
		}
		tables = append(tables, t)
	}
	return e.insertNative(ctx, s, tables)
}

func rowTables(list []*v1.RowInsertRequest) ([]nativeTable, error) {
	var tables []nativeTable
	for _, r := range list {
		t, err := rowTable(r.GetTableName(), r.GetRows())
		if err != nil {
			return nil, err
		}
		if len(t.rows) > 0 { // a request without rows is dropped
			tables = append(tables, t)
		}
	}
	return tables, nil
}

func invalidInsert(format string, args ...any) *schema.Error {
	return schema.Errorf(schema.InvalidArguments, "Invalid InsertRequest, reason: "+format, args...)
}

func rowTable(name string, r *v1.Rows) (nativeTable, error) {
	t := nativeTable{name: name}
	if len(r.GetRows()) == 0 {
		return t, nil
	}
	for _, c := range r.GetSchema() {
		col, err := declaredColumn(c.GetColumnName(), c.GetDatatype(), c.GetDatatypeExtension(), c.GetSemanticType())
		if err != nil {
			return t, err
		}
		t.cols = append(t.cols, col)
	}
	for _, row := range r.GetRows() {
		if len(row.GetValues()) != len(t.cols) {
			return t, invalidInsert("column count mismatch, columns: %d, values: %d", len(t.cols), len(row.GetValues()))
		}
		t.rows = append(t.rows, row.GetValues())
	}
	return t, t.checkVectors()
}

// checkVectors checks the length of the vectors in leading vector columns, which is
// all that GreptimeDB checks.
func (nt *nativeTable) checkVectors() error {
	for k, c := range nt.cols {
		if c.typ.Kind != schema.Vector {
			return nil
		}
		for _, row := range nt.rows {
			if v, ok := row[k].GetValueData().(*v1.Value_BinaryValue); ok && len(v.BinaryValue) != int(c.typ.Dim)*4 {
				return invalidInsert("Expecting %d bytes of data for vector column, but got %d.", c.typ.Dim*4, len(v.BinaryValue))
			}
		}
	}
	return nil
}

// declaredColumn checks the declaration of a column.
func declaredColumn(name string, dt v1.ColumnDataType, ext *v1.ColumnDataTypeExtension, semantic v1.SemanticType) (nativeColumn, error) {
	typ, err := nativeType(name, dt, ext)
	if err == nil {
		err = checkSemantic(name, semantic)
	}
	return nativeColumn{name, typ, dt, schema.Semantic(semantic)}, err
}

func checkSemantic(name string, s v1.SemanticType) error {
	if _, ok := v1.SemanticType_name[int32(s)]; !ok {
		return schema.Errorf(schema.InvalidArguments, "Invalid semantic type %d of column %s", s, name)
	}
	return nil
}

// nativeType returns the column type that a declaration means.
func nativeType(name string, dt v1.ColumnDataType, ext *v1.ColumnDataTypeExtension) (schema.Type, error) {
	switch dt {
	case v1.ColumnDataType_DECIMAL128:
		t := schema.Type{Kind: schema.Decimal, Precision: 38, Scale: 10}
		if d := ext.GetDecimalType(); d != nil {
			t.Precision, t.Scale = d.GetPrecision(), d.GetScale()
		}
		if t.Precision < 1 || t.Precision > 38 || t.Scale < 0 || t.Scale > t.Precision {
			return schema.Type{}, schema.Errorf(schema.Unexpected, `Failed to join task: task 1 panicked with message "precision should be in [1, 38]"`)
		}
		return t, nil
	case v1.ColumnDataType_VECTOR:
		return schema.Type{Kind: schema.Vector, Dim: ext.GetVectorType().GetDim()}, nil
	case v1.ColumnDataType_DATETIME:
		return schema.Type{}, schema.Errorf(schema.InvalidArguments, "Invalid SQL, error: column name `%s` is datetime type, which is not supported, please use `timestamp` type instead", name)
	case v1.ColumnDataType_INTERVAL_YEAR_MONTH, v1.ColumnDataType_INTERVAL_DAY_TIME, v1.ColumnDataType_INTERVAL_MONTH_DAY_NANO:
		return schema.Type{}, schema.Errorf(schema.InvalidArguments, "Invalid SQL, error: column name `%s` is interval type, which is not supported", name)
	case v1.ColumnDataType_BINARY:
		if ext.GetTypeExt() != nil {
			if _, ok := ext.GetTypeExt().(*v1.ColumnDataTypeExtension_JsonType); ok {
				return schema.Type{Kind: schema.JSON}, nil
			}
		}
	case 40, 41, 42:
		return schema.Type{}, schema.NotSupported("LIST, STRUCT and DICTIONARY columns")
	}
	if t, ok := schema.ProtoType(dt); ok {
		return t, nil
	}
	return schema.Type{}, schema.Errorf(schema.InvalidArguments, "Unknown proto column datatype: %d: unknown enumeration value %d", dt, dt)
}

// insertNative creates and alters the tables, and then checks and writes the rows of each.
// A table that refuses its rows stops no other, and what was created stays.
func (e *Engine) insertNative(ctx context.Context, s *schema.Session, tables []nativeTable) (int, error) {
	auto, err := s.BoolHint("auto_create_table", true)
	if err != nil {
		return 0, invalidInsert("%v", err)
	}
	for i := range tables {
		if err := e.prepareTable(ctx, s, &tables[i], auto); err != nil {
			return 0, err
		}
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	total := 0
	var first error // of the tables, which are written side by side
	for i := range tables {
		n, err := e.writeTable(ctx, s, &tables[i])
		if err != nil && first == nil {
			first = err
		}
		total += n
	}
	return total, first
}

// prepareTable makes a missing table or adds missing columns.
func (e *Engine) prepareTable(ctx context.Context, s *schema.Session, nt *nativeTable, auto bool) error {
	if strings.EqualFold(s.Database, schema.InformationSchema) {
		return readOnlySchema(s.Database)
	}
	name := schema.TableName{Catalog: s.Catalog, DB: s.Database, Table: nt.name}
	e.mu.RLock()
	t := e.catalog.Table(name)
	unknown := nt.unknown(t)
	e.mu.RUnlock()
	if t != nil && t.View != "" {
		return viewInsert(name)
	}
	if t != nil && len(unknown) == 0 {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if t = e.catalog.Table(name); t == nil {
		if !auto {
			return invalidInsert("Table `%s` does not exist, and `auto_create_table` hint is disabled", nt.name)
		}
		return e.createOnInsert(ctx, s, nt)
	}
	if t.View != "" {
		return viewInsert(name)
	}
	unknown = nt.unknown(t)
	if len(unknown) == 0 {
		return nil
	}
	if !auto {
		return nil // the region refuses them
	}
	changed := t.Clone()
	changed.Version++
	var ddl columnDDL
	for _, c := range unknown {
		if c.semantic == schema.TimeIndex {
			return t.BadRequest("missing column %s", t.Columns[t.TimeIndex()].Name)
		}
		if err := addColumn(changed, schema.Column{Name: c.name, Type: c.typ, Nullable: true, Semantic: c.semantic}, &ddl); err != nil {
			return err
		}
	}
	return e.change(ctx, t, changed, ddl.statements()...)
}

func viewInsert(name schema.TableName) *schema.Error {
	return schema.Errorf(schema.InvalidArguments, "Invalid SQL, error: %s is a view", name)
}

func (nt *nativeTable) unknown(t *schema.Table) []nativeColumn {
	if t == nil {
		return nil
	}
	var list []nativeColumn
	for _, c := range nt.cols {
		if _, ok := t.Column(c.name); !ok {
			list = append(list, c)
		}
	}
	return list
}

// createOnInsert makes the table that an insert names. The lock is held.
func (e *Engine) createOnInsert(ctx context.Context, s *schema.Session, nt *nativeTable) error {
	if !schema.ValidTableName(nt.name) {
		return schema.Errorf(schema.InvalidArguments, "Invalid table name: %s", nt.name)
	}
	if _, err := e.catalog.Database(s.Database); err != nil || s.Catalog != schema.CatalogName {
		return schema.Errorf(schema.InvalidArguments, "Failed to find schema, schema info: %s", s.Database)
	}
	t := &schema.Table{Database: s.Database, Name: nt.name, Options: map[string]string{"comment": "Created on insertion"}}
	seen := map[string]bool{}
	timeIndex := ""
	for _, c := range nt.cols {
		switch {
		case seen[c.name]:
			return schema.Errorf(schema.InvalidArguments, "Duplicated column name in gRPC requests, name: %s", c.name)
		case c.semantic == schema.TimeIndex && timeIndex != "":
			return schema.Errorf(schema.InvalidArguments, "Duplicated timestamp column in gRPC requests, exists %s, duplicated: %s", timeIndex, c.name)
		case c.semantic == schema.TimeIndex && !c.typ.IsTimestamp():
			return schema.Errorf(schema.Unexpected, `Failed to join task: task 1 panicked with message "called `+"`Result::unwrap()` on an `Err`"+` value: 0: Invalid timestamp index: %d"`, len(t.Columns))
		}
		seen[c.name] = true
		if c.semantic == schema.TimeIndex {
			timeIndex = c.name
		}
		if c.semantic == schema.Tag {
			t.Tags = append(t.Tags, c.name)
		}
		t.Columns = append(t.Columns, schema.Column{Name: c.name, Type: c.typ, Nullable: c.semantic != schema.TimeIndex, Semantic: c.semantic})
	}
	if timeIndex == "" {
		return schema.Errorf(schema.InvalidArguments, "Missing timestamp column, msg: table is %s", nt.name)
	}
	for _, k := range []string{"ttl", "append_mode", "merge_mode", "skip_wal", "comment", "sst_format", "write_buffer_size"} {
		if v, ok := s.Hints[k]; ok {
			if err := t.SetOption(k, v); err != nil {
				return err
			}
		}
	}
	if p := s.Hints["physical_table"]; p != "" {
		return schema.NotSupported("the hint physical_table (the metric engine)")
	}
	if err := t.CheckOptions(e.version); err != nil {
		return err
	}
	lower := map[string]bool{}
	for _, c := range t.Columns {
		if lower[strings.ToLower(c.Name)] {
			return schema.NotSupported("columns whose names differ in case only (%s)", c.Name)
		}
		lower[strings.ToLower(c.Name)] = true
	}
	return e.addTable(ctx, t, false)
}

// writeTable checks one table's rows against the table and writes them. Its lock is
// shared.
func (e *Engine) writeTable(ctx context.Context, s *schema.Session, nt *nativeTable) (int, error) {
	name := schema.TableName{Catalog: s.Catalog, DB: s.Database, Table: nt.name}
	t := e.catalog.Table(name)
	if t == nil || t.View != "" {
		return 0, schema.NoTable(name)
	}
	given, err := nt.match(t)
	if err != nil {
		return 0, err
	}
	if !slices.Contains(given, t.TimeIndex()) {
		return 0, t.BadRequest("missing column %s", t.Columns[t.TimeIndex()].Name)
	}
	values, err := nt.cells(t, given)
	if err != nil {
		return 0, err
	}
	if err := e.insertRows(ctx, t, given, values); err != nil || t.TTLInstant() {
		return 0, err
	}
	return len(values), nil
}

// match finds the declared columns in the table and compares types and roles.
func (nt *nativeTable) match(t *schema.Table) ([]int, error) {
	if unknown := nt.unknown(t); len(unknown) > 0 {
		names := make([]string, len(unknown))
		for i, c := range unknown {
			names[i] = strconv.Quote(c.name)
		}
		return nil, t.BadRequest("unknown columns: [%s]", strings.Join(names, ", "))
	}
	given := make([]int, len(nt.cols))
	for k, c := range nt.cols {
		i, _ := t.Column(c.name)
		if slices.Contains(given[:k], i) {
			return nil, t.BadRequest("duplicate column %s", c.name)
		}
		col := t.Columns[i]
		if !col.Type.Same(c.typ) {
			return nil, t.BadRequest("column %s expect type %s, given: %s(%d)", c.name, col.Type.Debug(), c.declared, c.declared)
		}
		if col.Semantic != c.semantic {
			return nil, t.BadRequest("column %s has semantic type %s, given: %s(%d)", c.name, [...]string{"Tag", "Field", "Timestamp"}[col.Semantic], c.semantic, c.semantic)
		}
		given[k] = i
	}
	return given, nil
}

func (nt *nativeTable) cells(t *schema.Table, given []int) (rows, error) {
	out := make(rows, len(nt.rows))
	cells := make([]any, len(nt.rows)*len(given))
	for r, row := range nt.rows {
		out[r] = cells[r*len(given) : (r+1)*len(given)]
		for k, v := range row {
			var err error
			if out[r][k], err = nativeCell(t, nt.cols[k], v); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
