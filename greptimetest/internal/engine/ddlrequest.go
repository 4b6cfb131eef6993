package engine

import (
	"context"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
)

// CreateTable makes a table as a DdlRequest asks.
func (e *Engine) CreateTable(ctx context.Context, s *Session, req *v1.CreateTableExpr) error {
	t := &Table{Database: req.GetSchemaName(), Name: req.GetTableName(), Options: map[string]string{}}
	if t.Database == "" {
		t.Database = s.Database
	}
	for _, d := range req.GetColumnDefs() {
		typ, err := nativeType(d.GetName(), d.GetDataType(), d.GetDatatypeExtension())
		if err != nil {
			return err
		}
		if err := checkSemantic(d.GetName(), d.GetSemanticType()); err != nil {
			return err
		}
		if len(d.GetDefaultConstraint()) > 0 {
			return unsupported("defaults in a CreateTableExpr")
		}
		t.Columns = append(t.Columns, Column{Name: d.GetName(), Type: typ, Nullable: d.GetIsNullable(), Semantic: Field, Comment: d.GetComment()})
	}
	for k, v := range req.GetTableOptions() {
		if err := t.setOption(k, v); err != nil {
			return err
		}
	}
	if req.GetDesc() != "" {
		t.Options["comment"] = req.GetDesc()
	}
	if err := t.checkOptions(e.version); err != nil {
		return err
	}
	if err := t.setKeys([]string{req.GetTimeIndex()}, req.GetPrimaryKeys()); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.addTable(ctx, t, req.GetCreateIfNotExists())
}
