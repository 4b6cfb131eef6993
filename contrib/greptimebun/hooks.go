package greptimebun

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// hooks stands for a model where bun looks for the methods that it calls before and after a
// query, such as BeforeInsert. It refuses what GreptimeDB would ignore or cannot do, and calls
// the model's own methods.
type hooks struct{ model any }

var _ interface {
	bun.BeforeSelectHook
	bun.AfterSelectHook
	bun.BeforeInsertHook
	bun.AfterInsertHook
	bun.BeforeUpdateHook
	bun.BeforeDeleteHook
	bun.AfterDeleteHook
	bun.BeforeCreateTableHook
	bun.AfterCreateTableHook
	bun.BeforeDropTableHook
	bun.AfterDropTableHook
} = hooks{}

// call calls the model's own method if the model has it.
func call[Hook, Query any](ctx context.Context, model any, method func(Hook, context.Context, Query) error, query Query) error {
	if hook, ok := model.(Hook); ok {
		return method(hook, ctx, query)
	}
	return nil
}

// BeforeInsert refuses the clauses of checkInsert. The model's own method may add some.
func (h hooks) BeforeInsert(ctx context.Context, query *bun.InsertQuery) error {
	if err := call(ctx, h.model, bun.BeforeInsertHook.BeforeInsert, query); err != nil {
		return err
	}
	return checkInsert(query)
}

// BeforeUpdate refuses every UPDATE.
func (hooks) BeforeUpdate(context.Context, *bun.UpdateQuery) error {
	return errors.New("greptimebun: GreptimeDB has no UPDATE; read the row, change it, and insert the whole row, which replaces the row with the same tags and time")
}

// BeforeDelete refuses to delete softly.
func (h hooks) BeforeDelete(ctx context.Context, query *bun.DeleteQuery) error {
	if err := call(ctx, h.model, bun.BeforeDeleteHook.BeforeDelete, query); err != nil {
		return err
	}
	return checkDelete(query)
}

// BeforeSelect calls the model's own method, as do the methods below.
func (h hooks) BeforeSelect(ctx context.Context, query *bun.SelectQuery) error {
	return call(ctx, h.model, bun.BeforeSelectHook.BeforeSelect, query)
}

func (h hooks) AfterSelect(ctx context.Context, query *bun.SelectQuery) error {
	return call(ctx, h.model, bun.AfterSelectHook.AfterSelect, query)
}

func (h hooks) AfterInsert(ctx context.Context, query *bun.InsertQuery) error {
	return call(ctx, h.model, bun.AfterInsertHook.AfterInsert, query)
}

func (h hooks) AfterDelete(ctx context.Context, query *bun.DeleteQuery) error {
	return call(ctx, h.model, bun.AfterDeleteHook.AfterDelete, query)
}

func (h hooks) BeforeCreateTable(ctx context.Context, query *bun.CreateTableQuery) error {
	return call(ctx, h.model, bun.BeforeCreateTableHook.BeforeCreateTable, query)
}

func (h hooks) AfterCreateTable(ctx context.Context, query *bun.CreateTableQuery) error {
	return call(ctx, h.model, bun.AfterCreateTableHook.AfterCreateTable, query)
}

func (h hooks) BeforeDropTable(ctx context.Context, query *bun.DropTableQuery) error {
	return call(ctx, h.model, bun.BeforeDropTableHook.BeforeDropTable, query)
}

func (h hooks) AfterDropTable(ctx context.Context, query *bun.DropTableQuery) error {
	return call(ctx, h.model, bun.AfterDropTableHook.AfterDropTable, query)
}

const replaces = "an INSERT of GreptimeDB replaces the row with the same tags and time"

// checkInsert returns an error for a clause that GreptimeDB ignores, or that bun leaves out
// because the dialect does not have it. bun returns the clauses by no method, so checkInsert
// reads its fields.
func checkInsert(query *bun.InsertQuery) error {
	fields := reflect.ValueOf(query).Elem()
	on, ignore, returning := fields.FieldByName("on"), fields.FieldByName("ignore"), fields.FieldByName("returning")
	clause := reflect.TypeFor[schema.QueryWithArgs]()
	if !on.IsValid() || on.Type() != clause || !ignore.IsValid() || ignore.Kind() != reflect.Bool || !returning.IsValid() || returning.Type() != reflect.SliceOf(clause) {
		return errors.New("greptimebun: this version of bun keeps the clauses of an INSERT in other fields, so that those which GreptimeDB ignores cannot be refused; use the version in greptimebun's go.mod, or a later version of greptimebun")
	}
	switch {
	case ignore.Bool():
		return errors.New("greptimebun: Ignore: " + replaces + "; leave Ignore out, and look for the row first to keep it")
	case !on.IsZero():
		return fmt.Errorf("greptimebun: On(%q): GreptimeDB ignores the clause, and %s; leave On out, and look for the row first to keep it, or parts of it", on.FieldByName("Query").String(), replaces)
	}
	for i := range returning.Len() {
		switch text := returning.Index(i).FieldByName("Query").String(); text {
		case "", "null", "NULL": // with these bun writes no RETURNING
		default:
			return fmt.Errorf("greptimebun: Returning(%q): GreptimeDB returns no rows from a write; leave Returning out, and read the row afterwards", text)
		}
	}
	return nil
}

// beginsDelete matches the text of a query that deletes rows.
var beginsDelete = regexp.MustCompile(`(?s)^(?:/\*.*?\*/\s*)?DELETE FROM `)

// checkDelete returns an error if bun would execute an UPDATE in place of a DELETE.
func checkDelete(query *bun.DeleteQuery) error {
	model, ok := query.GetModel().(bun.TableModel)
	if !ok || model.Table().SoftDeleteField == nil {
		return nil
	}
	text, err := query.AppendQuery(schema.NewNopQueryGen(), nil)
	if err != nil || beginsDelete.Match(text) {
		return nil // bun reports the error
	}
	return fmt.Errorf("greptimebun: %s is deleted softly, by an UPDATE, which GreptimeDB does not have; use ForceDelete, or leave soft_delete out of the model", model.Table().TypeName)
}
