package engine

import (
	"context"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// CreateTable makes a table as a DdlRequest asks.
func (e *Engine) CreateTable(ctx context.Context, s *schema.Session, req *v1.CreateTableExpr) error {
	t := &schema.Table{Database: req.GetSchemaName(), Name: req.GetTableName(), Options: map[string]string{}}
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
			return schema.NotSupported("defaults in a CreateTableExpr")
		}
		t.Columns = append(t.Columns, schema.Column{Name: d.GetName(), Type: typ, Nullable: d.GetIsNullable(), Semantic: schema.Field, Comment: d.GetComment()})
	}
	for k, v := range req.GetTableOptions() {
		if err := t.SetOption(k, v); err != nil {
			return err
		}
	}
	if req.GetDesc() != "" {
		t.Options["comment"] = req.GetDesc()
	}
	if err := t.CheckOptions(e.version); err != nil {
		return err
	}
	if err := t.SetKeys([]string{req.GetTimeIndex()}, req.GetPrimaryKeys()); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.addTable(ctx, t, req.GetCreateIfNotExists())
}
