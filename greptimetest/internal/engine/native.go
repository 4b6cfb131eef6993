package engine

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"

	"github.com/greptime-go/greptime/internal/jsonb"
)

func asText(v any) string { return fmt.Sprint(v) }

// nativeColumn is a column as a native insert declares it.
type nativeColumn struct {
	name     string
	typ      Type
	declared v1.ColumnDataType
	semantic Semantic
}

// nativeTable is one table's part of a native insert: rows of values of the
// protocol.
type nativeTable struct {
	name string
	cols []nativeColumn
	rows [][]*v1.Value
}

// InsertRows writes a RowInsertRequests and returns the rows accepted.
func (e *Engine) InsertRows(ctx context.Context, s *Session, req *v1.RowInsertRequests) (int, error) {
	tables, err := rowTables(req.GetInserts())
	if err != nil {
		return 0, err
	}
	return e.insertNative(ctx, s, tables)
}

// InsertColumns writes an InsertRequests.
func (e *Engine) InsertColumns(ctx context.Context, s *Session, req *v1.InsertRequests) (int, error) {
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

// DeleteRows runs a RowDeleteRequests and returns the keys sent, found or not.
func (e *Engine) DeleteRows(ctx context.Context, s *Session, req *v1.RowDeleteRequests) (int, error) {
	var tables []nativeTable
	for _, r := range req.GetDeletes() {
		t, err := rowTable(r.GetTableName(), r.GetRows())
		if err != nil {
			return 0, err
		}
		if len(t.rows) > 0 {
			tables = append(tables, t)
		}
	}
	return e.deleteNative(ctx, s, tables)
}

// DeleteColumns runs a DeleteRequests.
func (e *Engine) DeleteColumns(ctx context.Context, s *Session, req *v1.DeleteRequests) (int, error) {
	var tables []nativeTable
	for _, r := range req.GetDeletes() {
		if r.GetRowCount() == 0 {
			continue
		}
		t, err := columnTable(r.GetTableName(), r.GetKeyColumns(), int(r.GetRowCount()))
		if err != nil {
			return 0, err
		}
		tables = append(tables, t)
	}
	return e.deleteNative(ctx, s, tables)
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

func invalidInsert(format string, args ...any) *Error {
	return errorf(InvalidArguments, "Invalid InsertRequest, reason: "+format, args...)
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
// all that GreptimeDB 1.0.2 checks.
func (nt *nativeTable) checkVectors() error {
	for k, c := range nt.cols {
		if c.typ.Kind != Vector {
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
	return nativeColumn{name, typ, dt, Semantic(semantic)}, err
}

func checkSemantic(name string, s v1.SemanticType) error {
	if _, ok := v1.SemanticType_name[int32(s)]; !ok {
		return errorf(InvalidArguments, "Invalid semantic type %d of column %s", s, name)
	}
	return nil
}

// nativeType is the column type that a declaration means.
func nativeType(name string, dt v1.ColumnDataType, ext *v1.ColumnDataTypeExtension) (Type, error) {
	switch dt {
	case v1.ColumnDataType_DECIMAL128:
		t := Type{Kind: Decimal, Precision: 38, Scale: 10}
		if d := ext.GetDecimalType(); d != nil {
			t.Precision, t.Scale = d.GetPrecision(), d.GetScale()
		}
		if t.Precision < 1 || t.Precision > 38 || t.Scale < 0 || t.Scale > t.Precision {
			return Type{}, errorf(Unexpected, `Failed to join task: task 1 panicked with message "precision should be in [1, 38]"`)
		}
		return t, nil
	case v1.ColumnDataType_VECTOR:
		return Type{Kind: Vector, Dim: ext.GetVectorType().GetDim()}, nil
	case v1.ColumnDataType_DATETIME:
		return Type{}, errorf(InvalidArguments, "Invalid SQL, error: column name `%s` is datetime type, which is not supported, please use `timestamp` type instead", name)
	case v1.ColumnDataType_INTERVAL_YEAR_MONTH, v1.ColumnDataType_INTERVAL_DAY_TIME, v1.ColumnDataType_INTERVAL_MONTH_DAY_NANO:
		return Type{}, errorf(InvalidArguments, "Invalid SQL, error: column name `%s` is interval type, which is not supported", name)
	case v1.ColumnDataType_BINARY:
		if ext.GetTypeExt() != nil {
			if _, ok := ext.GetTypeExt().(*v1.ColumnDataTypeExtension_JsonType); ok {
				return Type{Kind: JSON}, nil
			}
		}
	case 40, 41, 42:
		return Type{}, unsupported("LIST, STRUCT and DICTIONARY columns")
	}
	for k, info := range kinds {
		if info.proto == dt && k != Decimal && k != Vector {
			return Type{Kind: k}, nil
		}
	}
	return Type{}, errorf(InvalidArguments, "Unknown proto column datatype: %d: unknown enumeration value %d", dt, dt)
}

// insertNative makes and alters the tables, checks all rows against them, and then
// writes table after table. What was made stays, whatever the checks find.
func (e *Engine) insertNative(ctx context.Context, s *Session, tables []nativeTable) (int, error) {
	auto, err := s.boolHint("auto_create_table", true)
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
	writes := make([]nativeWrite, len(tables))
	for i := range tables {
		if writes[i], err = e.checkTable(s, &tables[i]); err != nil {
			return 0, err
		}
	}
	total := 0
	for _, w := range writes {
		if w.table.ttlInstant() {
			continue
		}
		if err := e.write(ctx, w.table, w.rows, false); err != nil {
			return 0, err
		}
		total += len(w.rows)
	}
	return total, nil
}

// nativeWrite is what an insert writes into one table.
type nativeWrite struct {
	table *Table
	rows  rows
}

// prepareTable makes a missing table or adds missing columns.
func (e *Engine) prepareTable(ctx context.Context, s *Session, nt *nativeTable, auto bool) error {
	if strings.EqualFold(s.Database, informationSchema) {
		return readOnlySchema(s.Database)
	}
	name := tableName{s.Catalog, s.Database, nt.name}
	e.mu.RLock()
	t := e.catalog.table(name)
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
	if t = e.catalog.table(name); t == nil {
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
		var names []string
		for _, c := range unknown {
			names = append(names, strconv.Quote(c.name))
		}
		return t.badRequest("unknown columns: [%s]", strings.Join(names, ", "))
	}
	changed := t.clone()
	changed.Version++
	var ddl columnDDL
	for _, c := range unknown {
		if c.semantic == TimeIndex {
			return t.badRequest("missing column %s", t.Columns[t.timeIndex()].Name)
		}
		if err := changed.addColumn(Column{Name: c.name, Type: c.typ, Nullable: true, Semantic: c.semantic}, &ddl); err != nil {
			return err
		}
	}
	return e.change(ctx, t, changed, ddl.statements()...)
}

func viewInsert(name tableName) *Error {
	return errorf(InvalidArguments, "Invalid SQL, error: %s is a view", name)
}

func (nt *nativeTable) unknown(t *Table) []nativeColumn {
	if t == nil {
		return nil
	}
	var list []nativeColumn
	for _, c := range nt.cols {
		if _, ok := t.column(c.name); !ok {
			list = append(list, c)
		}
	}
	return list
}

// createOnInsert makes the table that an insert names. The lock is held.
func (e *Engine) createOnInsert(ctx context.Context, s *Session, nt *nativeTable) error {
	if !validTableName(nt.name) {
		return errorf(InvalidArguments, "Invalid table name: %s", nt.name)
	}
	if _, err := e.catalog.database(s.Database); err != nil || s.Catalog != catalogName {
		return errorf(InvalidArguments, "Failed to find schema, schema info: %s", s.Database)
	}
	t := &Table{Database: s.Database, Name: nt.name, Options: map[string]string{"comment": "Created on insertion"}}
	seen := map[string]bool{}
	timeIndex := ""
	for _, c := range nt.cols {
		switch {
		case seen[c.name]:
			return errorf(InvalidArguments, "Duplicated column name in gRPC requests, name: %s", c.name)
		case c.semantic == TimeIndex && timeIndex != "":
			return errorf(InvalidArguments, "Duplicated timestamp column in gRPC requests, exists %s, duplicated: %s", timeIndex, c.name)
		case c.semantic == TimeIndex && !c.typ.isTimestamp():
			return errorf(Unexpected, `Failed to join task: task 1 panicked with message "called `+"`Result::unwrap()` on an `Err`"+` value: 0: Invalid timestamp index: %d"`, len(t.Columns))
		}
		seen[c.name] = true
		if c.semantic == TimeIndex {
			timeIndex = c.name
		}
		if c.semantic == Tag {
			t.Tags = append(t.Tags, c.name)
		}
		t.Columns = append(t.Columns, Column{Name: c.name, Type: c.typ, Nullable: c.semantic != TimeIndex, Semantic: c.semantic})
	}
	if timeIndex == "" {
		return errorf(InvalidArguments, "Missing timestamp column, msg: table is %s", nt.name)
	}
	for _, k := range []string{"ttl", "append_mode", "merge_mode", "skip_wal", "comment", "sst_format", "write_buffer_size"} {
		if v, ok := s.Hints[k]; ok {
			if err := t.setOption(k, v); err != nil {
				return err
			}
		}
	}
	if p := s.Hints["physical_table"]; p != "" {
		return unsupported("the hint physical_table (the metric engine)")
	}
	if err := t.checkOptions(); err != nil {
		return err
	}
	lower := map[string]bool{}
	for _, c := range t.Columns {
		if lower[strings.ToLower(c.Name)] {
			return unsupported("columns whose names differ in case only (%s)", c.Name)
		}
		lower[strings.ToLower(c.Name)] = true
	}
	return e.addTable(ctx, t, false)
}

// checkTable checks one table's rows against the table. The lock is shared.
func (e *Engine) checkTable(s *Session, nt *nativeTable) (nativeWrite, error) {
	name := tableName{s.Catalog, s.Database, nt.name}
	t := e.catalog.table(name)
	if t == nil || t.View != "" {
		return nativeWrite{}, tableNotFound(name)
	}
	given, err := nt.match(t)
	if err != nil {
		return nativeWrite{}, err
	}
	if !slices.Contains(given, t.timeIndex()) {
		return nativeWrite{}, t.badRequest("missing column %s", t.Columns[t.timeIndex()].Name)
	}
	values, err := nt.cells(t, given)
	if err != nil {
		return nativeWrite{}, err
	}
	full, err := e.complete(t, given, values)
	return nativeWrite{t, full}, err
}

// match finds the declared columns in the table and compares types and roles.
func (nt *nativeTable) match(t *Table) ([]int, error) {
	given := make([]int, len(nt.cols))
	for k, c := range nt.cols {
		i, ok := t.column(c.name)
		if !ok {
			return nil, t.badRequest("unknown columns: [%q]", c.name)
		}
		if slices.Contains(given[:k], i) {
			return nil, t.badRequest("duplicate column %s", c.name)
		}
		col := t.Columns[i]
		if !col.Type.same(c.typ) {
			return nil, t.badRequest("column %s expect type %s, given: %s(%d)", c.name, col.Type.debug(), c.declared, c.declared)
		}
		if col.Semantic != c.semantic {
			return nil, t.badRequest("column %s has semantic type %s, given: %s(%d)", c.name, [...]string{"Tag", "Field", "Timestamp"}[col.Semantic], c.semantic, c.semantic)
		}
		given[k] = i
	}
	return given, nil
}

func (nt *nativeTable) cells(t *Table, given []int) (rows, error) {
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

// nativeCell takes the value out of the arm that the column's type wants. A value in
// another arm is refused, not converted.
func nativeCell(t *Table, c nativeColumn, v *v1.Value) (any, error) {
	data := v.GetValueData()
	if data == nil {
		return nil, nil
	}
	wrong := func() (any, error) {
		return nil, t.badRequest("value has type %s, but column %s has type %s(%d)", armName(data), c.name, typeTitle(c.declared), c.declared)
	}
	switch d := data.(type) {
	case *v1.Value_I8Value:
		if c.typ.Kind == Int8 {
			return int64(int8(d.I8Value)), nil // wider numbers wrap around
		}
	case *v1.Value_I16Value:
		if c.typ.Kind == Int16 {
			return int64(int16(d.I16Value)), nil
		}
	case *v1.Value_I32Value:
		if c.typ.Kind == Int32 {
			return int64(d.I32Value), nil
		}
	case *v1.Value_I64Value:
		if c.typ.Kind == Int64 {
			return d.I64Value, nil
		}
	case *v1.Value_U8Value:
		if c.typ.Kind == UInt8 {
			return uint64(uint8(d.U8Value)), nil
		}
	case *v1.Value_U16Value:
		if c.typ.Kind == UInt16 {
			return uint64(uint16(d.U16Value)), nil
		}
	case *v1.Value_U32Value:
		if c.typ.Kind == UInt32 {
			return uint64(d.U32Value), nil
		}
	case *v1.Value_U64Value:
		if c.typ.Kind == UInt64 {
			return d.U64Value, nil
		}
	case *v1.Value_F32Value:
		if c.typ.Kind == Float32 {
			return d.F32Value, nil
		}
	case *v1.Value_F64Value:
		if c.typ.Kind == Float64 {
			return d.F64Value, nil
		}
	case *v1.Value_BoolValue:
		if c.typ.Kind == Bool {
			return d.BoolValue, nil
		}
	case *v1.Value_BinaryValue:
		if c.typ.Kind == Binary || c.typ.Kind == Vector || c.typ.Kind == JSON && c.declared == v1.ColumnDataType_BINARY {
			return d.BinaryValue, nil
		}
	case *v1.Value_StringValue:
		if c.typ.Kind == String {
			return d.StringValue, nil
		}
		if c.typ.Kind == JSON && c.declared == v1.ColumnDataType_JSON {
			b, err := jsonb.AppendBinary(nil, []byte(d.StringValue))
			if err != nil {
				return nil, errorf(InvalidArguments, "Invalid json text: %s", d.StringValue)
			}
			return b, nil
		}
	case *v1.Value_DateValue:
		if c.typ.Kind == Date {
			return int64(d.DateValue), nil
		}
	case *v1.Value_TimestampSecondValue:
		if c.typ.Kind == TimestampSecond {
			return d.TimestampSecondValue, nil
		}
	case *v1.Value_TimestampMillisecondValue:
		if c.typ.Kind == TimestampMilli {
			return d.TimestampMillisecondValue, nil
		}
	case *v1.Value_TimestampMicrosecondValue:
		if c.typ.Kind == TimestampMicro {
			return d.TimestampMicrosecondValue, nil
		}
	case *v1.Value_TimestampNanosecondValue:
		if c.typ.Kind == TimestampNano {
			return d.TimestampNanosecondValue, nil
		}
	case *v1.Value_TimeSecondValue:
		if c.typ.Kind == TimeSecond {
			return d.TimeSecondValue, nil
		}
	case *v1.Value_TimeMillisecondValue:
		if c.typ.Kind == TimeMilli {
			return d.TimeMillisecondValue, nil
		}
	case *v1.Value_TimeMicrosecondValue:
		if c.typ.Kind == TimeMicro {
			return d.TimeMicrosecondValue, nil
		}
	case *v1.Value_TimeNanosecondValue:
		if c.typ.Kind == TimeNano {
			return d.TimeNanosecondValue, nil
		}
	case *v1.Value_Decimal128Value:
		if c.typ.Kind == Decimal {
			n := new(big.Int).Lsh(big.NewInt(d.Decimal128Value.GetHi()), 64)
			n.Add(n, new(big.Int).SetUint64(uint64(d.Decimal128Value.GetLo())))
			if n.CmpAbs(pow10(c.typ.Precision)) >= 0 {
				return nil, unsupported("a DECIMAL of more digits than its column has")
			}
			return n, nil
		}
	}
	if c.typ.Kind == JSON {
		return nil, errorf(Unexpected, "Unexpected, violated: Expected to value data to be a string.")
	}
	return wrong()
}

// armName is the type that an arm of Value stands for.
func armName(data any) string {
	name := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", data), "*v1.Value_"), "Value")
	short := map[string]string{"I8": "Int8", "I16": "Int16", "I32": "Int32", "I64": "Int64", "U8": "Uint8", "U16": "Uint16", "U32": "Uint32", "U64": "Uint64",
		"F32": "Float32", "F64": "Float64", "Bool": "Boolean"}
	if s, ok := short[name]; ok {
		return s
	}
	return name
}

// typeTitle writes TIMESTAMP_MILLISECOND as TimestampMillisecond.
func typeTitle(dt v1.ColumnDataType) string {
	var b strings.Builder
	for w := range strings.SplitSeq(dt.String(), "_") {
		b.WriteString(w[:1] + strings.ToLower(w[1:]))
	}
	return b.String()
}

func (e *Engine) deleteNative(ctx context.Context, s *Session, tables []nativeTable) (int, error) {
	total := 0
	for i := range tables {
		n, err := e.deleteTable(ctx, s, &tables[i])
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// deleteTable deletes by keys. Columns that are no part of the key are dropped.
func (e *Engine) deleteTable(ctx context.Context, s *Session, nt *nativeTable) (int, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	name := tableName{s.Catalog, s.Database, nt.name}
	t := e.catalog.table(name)
	if t == nil || t.View != "" {
		return 0, tableNotFound(name)
	}
	if t.appendMode() {
		return 0, t.badRequest("DELETE is not allowed under append mode")
	}
	keys := t.keyColumns()
	full := make(rows, len(nt.rows))
	for r := range full {
		full[r] = make([]any, len(t.Columns))
	}
	for _, i := range keys {
		col := t.Columns[i]
		k := slices.IndexFunc(nt.cols, func(c nativeColumn) bool { return c.name == col.Name })
		if k < 0 {
			return 0, t.badRequest("delete requests need column %s", col.Name)
		}
		c := nt.cols[k]
		if !col.Type.same(c.typ) {
			return 0, t.badRequest("column %s expect type %s, given: %s(%d)", c.name, col.Type.debug(), c.declared, c.declared)
		}
		for r, row := range nt.rows {
			v, err := nativeCell(t, c, row[k])
			if err != nil {
				return 0, err
			}
			if v == nil && col.Semantic == TimeIndex {
				return 0, t.badRequest("column %s is not null but input has null", col.Name)
			}
			full[r][i] = v
		}
	}
	return len(full), e.deleteKeys(ctx, t, full)
}
