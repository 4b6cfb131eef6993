//go:build go1.27

package greptime

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"reflect"
)

var _ driver.RowsColumnScanner = (*rows)(nil)

// NextRow moves to the next row.
func (r *rows) NextRow() error { return r.advance() }

// ScanColumn writes a value of the current row into dest: straight from the column if
// it knows dest's type, otherwise by database/sql's rules.
func (r *rows) ScanColumn(ctx driver.ScanContext, i int, dest any) error {
	c := r.columns[i]
	if r.row >= r.n {
		return errors.New("greptime: Scan without a row: Next was not called, or returned false")
	}
	var done bool
	var err error
	if rv := reflect.ValueOf(dest); rv.Kind() == reflect.Pointer && !rv.IsNil() {
		done, err = c.Scan(r.row, dest)
	}
	if err == nil && done {
		return nil
	}
	var v driver.Value
	if err == nil {
		v, err = c.Value(r.row)
	}
	if err != nil {
		return r.columnError(i, err)
	}
	return sql.ConvertAssign(ctx, dest, v)
}
