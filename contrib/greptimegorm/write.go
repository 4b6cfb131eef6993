package greptimegorm

import (
	"cmp"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/greptime-go/greptime"
)

// ErrNoUpdate reports that a statement would change rows in place.
var ErrNoUpdate = errors.New("greptimegorm: GreptimeDB has no UPDATE; read the row, change it, and Save it, which replaces the row with the same tags and time")

// create inserts models or maps.
func create(db *gorm.DB) {
	if db.Error != nil {
		return
	}
	if err := cmp.Or(checkReturning(db.Statement), checkConflict(db.Statement), checkAssociations(db.Statement)); err != nil {
		db.AddError(err)
		return
	}
	if db.Statement.SQL.Len() == 0 {
		buildInsert(db, callbacks.ConvertToCreateValues)
	}
	execute(db)
}

// update inserts the model if the statement is that of Save, which replaces the whole row.
// Everything else is an error.
func update(db *gorm.DB) {
	if db.Error != nil {
		return
	}
	stmt := db.Statement
	_, where := stmt.Clauses["WHERE"]
	whole := len(stmt.Selects) == 1 && stmt.Selects[0] == "*" && !leavesColumnsOut(stmt)
	if !whole || where || stmt.Schema == nil || !isModel(stmt) {
		db.AddError(ErrNoUpdate)
		return
	}
	if err := cmp.Or(checkReturning(stmt), checkConflict(stmt), checkAssociations(stmt)); err != nil {
		db.AddError(err)
		return
	}
	if !stmt.ReflectValue.CanAddr() { // Save of a model itself: GORM sets the times of the one it writes
		model := reflect.New(stmt.ReflectValue.Type()).Elem()
		model.Set(stmt.ReflectValue)
		stmt.ReflectValue = model
	}
	stmt.Settings.Store("gorm:update_track_time", true)
	buildInsert(db, saveValues)
	execute(db)
}

// saveValues returns the values of the model as they are: GORM takes the default of a field in
// place of a zero value, so that Save could not set a field to zero. The zero time is no value.
func saveValues(stmt *gorm.Statement) clause.Values {
	if stmt.ReflectValue.Kind() != reflect.Struct {
		return callbacks.ConvertToCreateValues(stmt)
	}
	zeros := map[*schema.Field]any{}
	for _, field := range stmt.Schema.FieldsByDBName {
		value, zero := field.ValueOf(stmt.Context, stmt.ReflectValue)
		if zero && field.HasDefaultValue && field.Creatable && field.FieldType != reflect.TypeFor[time.Time]() && !(field.NotNull && isNull(value)) {
			zeros[field] = value
		}
	}
	values := callbacks.ConvertToCreateValues(stmt)
	if stmt.Error != nil {
		return values
	}
	for _, name := range stmt.Schema.DBNames {
		field := stmt.Schema.FieldsByDBName[name]
		zero, ok := zeros[field]
		if !ok {
			continue
		}
		column := func(c clause.Column) bool { return c.Name == field.DBName }
		if i := slices.IndexFunc(values.Columns, column); i >= 0 {
			values.Values[0][i] = zero
			field.ReflectValueOf(stmt.Context, stmt.ReflectValue).SetZero()
			continue
		}
		values.Columns = append(values.Columns, clause.Column{Name: field.DBName})
		values.Values[0] = append(values.Values[0], zero)
	}
	return values
}

// isNull reports whether the value of a field is NULL.
func isNull(value any) bool {
	v, err := driver.DefaultParameterConverter.ConvertValue(value)
	return err == nil && v == nil
}

// isModel reports whether the statement's destination is its model: Save and Delete have only
// one of them. Values may not be comparable.
func isModel(stmt *gorm.Statement) bool {
	dest, model := reflect.ValueOf(stmt.Dest), reflect.ValueOf(stmt.Model)
	if dest.Kind() == reflect.Pointer && model.Kind() == reflect.Pointer {
		return dest.Pointer() == model.Pointer()
	}
	return dest.Kind() == model.Kind() && dest.Type() == model.Type()
}

// buildInsert writes the INSERT of the values of the statement's models.
func buildInsert(db *gorm.DB, valuesOf func(*gorm.Statement) clause.Values) {
	stmt := db.Statement
	if stmt.Schema != nil {
		if err := eachModel(stmt.ReflectValue, func(model reflect.Value) error { return checkKey(stmt, model) }); err != nil {
			db.AddError(err)
			return
		}
	}
	values := valuesOf(stmt)
	if db.Error != nil {
		return
	}
	if len(values.Columns) == 0 {
		db.AddError(errors.New("greptimegorm: there is no column to insert into"))
		return
	}
	for i, column := range values.Columns {
		var field *schema.Field
		if stmt.Schema != nil {
			field = stmt.Schema.LookUpField(column.Name)
		}
		var columnType string
		if field != nil {
			columnType = normal(stmt.DataTypeOf(field))
		}
		nanoseconds, timestamp := columnType == "TIMESTAMP(9)", strings.HasPrefix(columnType, "TIMESTAMP(")
		for _, row := range values.Values {
			var err error
			switch columnType {
			case "JSON":
				row[i], err = jsonArgument(row[i])
			case "VECTOR":
				row[i], err = vectorArgument(row[i])
			}
			if err != nil {
				db.AddError(fmt.Errorf("greptimegorm: %s.%s: %w", stmt.Schema.Name, field.Name, err))
				return
			}
			row[i] = bytesArgument(row[i])
			if timestamp {
				if _, ok := dateOf(row[i]); ok {
					row[i], _ = timeOf(row[i])
				}
			}
			if t, ok := row[i].(time.Time); ok && nanoseconds && t.IsZero() {
				db.AddError(fmt.Errorf("greptimegorm: %s.%s is the zero time, which a TIMESTAMP(9) cannot be; use *time.Time or sql.NullTime, or add precision:6 to its tag", stmt.Schema.Name, field.Name))
				return
			}
		}
	}
	stmt.AddClauseIfNotExists(clause.Insert{})
	stmt.AddClause(values)
	stmt.Build("INSERT", "VALUES")
}

// jsonArgument returns the JSON of a value as the driver expects it: text in quotes would be
// stored unread beside values that are not literals. Other values stay as they are.
func jsonArgument(v any) (any, error) {
	v, err := driverValue(v)
	if err != nil {
		return nil, err
	}
	rv := reflect.Indirect(reflect.ValueOf(v))
	switch {
	case rv.Kind() == reflect.String:
		text := json.RawMessage(rv.String())
		if !json.Valid(text) {
			return nil, errors.New("the text is not JSON")
		}
		return text, nil
	case rv.Kind() == reflect.Slice && rv.Type().Elem().Kind() == reflect.Uint8 && !rv.IsNil():
		return json.RawMessage(rv.Bytes()), nil
	}
	return v, nil
}

// vectorArgument returns the vector of a value, for the same reason.
func vectorArgument(v any) (any, error) {
	v, err := driverValue(v)
	if err != nil {
		return nil, err
	}
	if rv := reflect.Indirect(reflect.ValueOf(v)); rv.Kind() == reflect.String {
		return greptime.ParseVector(rv.String())
	}
	return v, nil
}

// driverValue returns the value of a driver.Valuer, and other values as they are.
func driverValue(v any) (any, error) {
	valuer, ok := v.(driver.Valuer)
	if !ok {
		return v, nil
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer && rv.IsNil() {
		return nil, nil
	}
	return valuer.Value()
}

// bytesArgument replaces an empty slice of bytes, for which GORM writes (NULL): beside it the
// server would not read the other values by their columns. Other values stay as they are.
func bytesArgument(v any) any {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Slice || rv.Type().Elem().Kind() != reflect.Uint8 || rv.Len() > 0 {
		return v
	}
	if _, ok := v.(driver.Valuer); ok {
		return v
	}
	if rv.IsNil() {
		return nil
	}
	return []byte{}
}

// checkKey refuses a model whose key would not be stored as it is.
func checkKey(stmt *gorm.Statement, model reflect.Value) error {
	for _, field := range stmt.Schema.PrimaryFields {
		if _, zero := field.ValueOf(stmt.Context, model); !zero {
			continue
		}
		switch {
		case field.AutoIncrement:
			return fmt.Errorf("greptimegorm: %s.%s has no value, and GreptimeDB generates none; set it, or add autoIncrement:false to its tag if 0 is a value", stmt.Schema.Name, field.Name)
		case isTimeIndex(field) && field.AutoCreateTime == 0 && field.DefaultValueInterface == nil && !field.HasDefaultValue:
			return fmt.Errorf("greptimegorm: %s.%s, the time index, has no time; set it, or add autoCreateTime to its tag", stmt.Schema.Name, field.Name)
		}
	}
	return nil
}

// checkReturning refuses RETURNING, which the server would ignore.
func checkReturning(stmt *gorm.Statement) error {
	if _, ok := stmt.Clauses["RETURNING"]; ok {
		return errors.New("greptimegorm: clause.Returning: GreptimeDB returns no rows from a write; leave it out")
	}
	return nil
}

// checkAssociations refuses a model with other models that GORM would insert after it, and only
// if they are not there, which an INSERT of GreptimeDB cannot do. Those that GORM inserts before
// it are refused by checkConflict.
func checkAssociations(stmt *gorm.Statement) error {
	if stmt.Schema == nil || stmt.DB.FullSaveAssociations {
		return nil
	}
	selected, restricted := stmt.SelectAndOmitColumns(true, false)
	relations := slices.Concat(stmt.Schema.Relationships.HasOne, stmt.Schema.Relationships.HasMany, stmt.Schema.Relationships.Many2Many)
	for _, rel := range relations {
		if v, ok := selected[rel.Name]; ok && !v || !ok && restricted {
			continue
		}
		if err := eachModel(stmt.ReflectValue, func(model reflect.Value) error {
			if _, zero := rel.Field.ValueOf(stmt.Context, model); zero {
				return nil
			}
			return fmt.Errorf("greptimegorm: %s.%s has models of their own; to write them too, which replaces their rows, use Session(&gorm.Session{FullSaveAssociations: true}), else Omit(clause.Associations)", stmt.Schema.Name, rel.Name)
		}); err != nil {
			return err
		}
	}
	return nil
}

// checkConflict removes an ON CONFLICT that says what an INSERT does anyway: it replaces the row
// with the same key. Others are errors.
func checkConflict(stmt *gorm.Statement) error {
	conflict, ok := stmt.Clauses["ON CONFLICT"].Expression.(clause.OnConflict)
	if !ok {
		return nil
	}
	switch {
	case conflict.DoNothing:
		return errors.New("greptimegorm: OnConflict{DoNothing}: an INSERT of GreptimeDB replaces the row with the same tags and time; use OnConflict{UpdateAll: true}; for associated models, use Session(&gorm.Session{FullSaveAssociations: true}), which replaces their rows, or Omit(clause.Associations)")
	case !conflict.UpdateAll, len(conflict.DoUpdates) > 0:
		return errors.New("greptimegorm: OnConflict{DoUpdates}: an INSERT of GreptimeDB replaces the whole row; use OnConflict{UpdateAll: true}")
	case len(conflict.Where.Exprs) > 0, len(conflict.TargetWhere.Exprs) > 0, conflict.OnConstraint != "":
		return errors.New("greptimegorm: OnConflict has conditions, and an INSERT of GreptimeDB replaces the row with the same tags and time without any; leave them out")
	case len(conflict.Columns) > 0 && stmt.Schema != nil:
		var columns []string
		for _, c := range conflict.Columns {
			columns = append(columns, c.Name)
		}
		key := slices.Sorted(slices.Values(stmt.Schema.PrimaryFieldDBNames))
		if slices.Sort(columns); !slices.Equal(columns, key) {
			return fmt.Errorf("greptimegorm: OnConflict is about the columns %q, and GreptimeDB replaces the row with the same key, %q; leave Columns out", columns, key)
		}
	}
	if leavesColumnsOut(stmt) {
		return errors.New("greptimegorm: OnConflict{UpdateAll} of some columns: an INSERT of GreptimeDB replaces the whole row, so the others would be lost; leave Select and Omit out, or create the table with 'merge_mode'='last_non_null' and leave OnConflict out")
	}
	delete(stmt.Clauses, "ON CONFLICT")
	return nil
}

// leavesColumnsOut reports whether Select or Omit leave out a column of the model.
func leavesColumnsOut(stmt *gorm.Statement) bool {
	if stmt.Schema == nil {
		return false
	}
	selected, restricted := stmt.SelectAndOmitColumns(true, false)
	return slices.ContainsFunc(stmt.Schema.DBNames, func(name string) bool {
		v, ok := selected[name]
		return stmt.Schema.FieldsByDBName[name].Creatable && (ok && !v || !ok && restricted)
	})
}

// deleteRows deletes models by their keys, or rows by conditions.
func deleteRows(db *gorm.DB) {
	if db.Error != nil {
		return
	}
	stmt := db.Statement
	if stmt.Schema != nil && len(stmt.Schema.DeleteClauses) > 0 && !stmt.Unscoped {
		db.AddError(fmt.Errorf("greptimegorm: %s is deleted softly, by an UPDATE, which GreptimeDB does not have; use Unscoped().Delete, or leave gorm.DeletedAt out of the model", stmt.Schema.Name))
		return
	}
	if err := cmp.Or(checkReturning(stmt), checkDelete(stmt)); err != nil {
		db.AddError(err)
		return
	}
	if stmt.SQL.Len() == 0 {
		if err := addKeys(stmt); err != nil {
			db.AddError(err)
			return
		}
		if _, ok := stmt.Clauses["WHERE"]; !ok && !db.AllowGlobalUpdate {
			db.AddError(gorm.ErrMissingWhereClause)
			return
		}
		stmt.AddClauseIfNotExists(clause.Delete{})
		stmt.AddClauseIfNotExists(clause.From{})
		stmt.Build("DELETE", "FROM", "WHERE")
	}
	execute(db)
}

// checkDelete refuses what GORM would leave out of a DELETE, which would then delete more rows.
func checkDelete(stmt *gorm.Statement) error {
	limit, _ := stmt.Clauses["LIMIT"].Expression.(clause.Limit) // Limit(-1) and Offset(-1) cancel one
	if limit.Limit != nil && *limit.Limit >= 0 || limit.Offset > 0 || len(stmt.Joins) > 0 {
		return errors.New("greptimegorm: a DELETE of GreptimeDB has no LIMIT and no JOIN; find the rows, and delete them by their keys")
	}
	return nil
}

// addKeys adds the condition that a row is one of the statement's models.
func addKeys(stmt *gorm.Statement) error {
	if stmt.Schema == nil {
		return nil
	}
	var models anyOf
	add := func(model reflect.Value) error {
		var columns []clause.Expression
		var zero *schema.Field // of the time index
		set := false
		for _, field := range stmt.Schema.PrimaryFields {
			value, isZero := field.ValueOf(stmt.Context, model)
			set = set || !isZero
			if isZero && isTimeIndex(field) {
				zero = field
			}
			columns = append(columns, clause.Eq{Column: clause.Column{Table: clause.CurrentTable, Name: field.DBName}, Value: value})
		}
		if !set {
			return nil // it only says which table
		}
		if _, err := timeIndexOf(stmt.Schema); err != nil {
			return err
		}
		if zero != nil {
			return fmt.Errorf("greptimegorm: a %s to delete has no %s, and tags without their time are no key; delete by conditions: Where(…).Delete(&%s{})", stmt.Schema.Name, zero.Name, stmt.Schema.Name)
		}
		models = append(models, clause.And(columns...))
		return nil
	}
	if err := eachModel(stmt.ReflectValue, add); err != nil {
		return err
	}
	if stmt.Model != nil && !isModel(stmt) {
		if err := eachModel(reflect.ValueOf(stmt.Model), add); err != nil {
			return err
		}
	}
	if len(models) > 0 {
		stmt.AddClause(clause.Where{Exprs: []clause.Expression{models}})
	}
	return nil
}

// execute runs the statement that was built.
func execute(db *gorm.DB) {
	if db.Error != nil || db.DryRun {
		return
	}
	stmt := db.Statement
	result, err := stmt.ConnPool.ExecContext(stmt.Context, stmt.SQL.String(), stmt.Vars...)
	if err != nil {
		db.AddError(err)
		return
	}
	db.RowsAffected, _ = result.RowsAffected()
	if stmt.Result != nil {
		stmt.Result.Result, stmt.Result.RowsAffected = result, db.RowsAffected
	}
}
