// Package valuer calls driver.Valuer as database/sql does, but does not let a panic of a nil
// pointer's method escape.
package valuer

import (
	"database/sql/driver"
	"fmt"
	"reflect"
	"runtime"
)

var valuerType = reflect.TypeFor[driver.Valuer]()

// Value returns the value of v. A nil pointer whose method has a value receiver is NULL,
// because the method cannot be called. A nil pointer whose method has a pointer receiver is
// called; it is NULL, too, if the method dereferences it.
func Value(v driver.Valuer) (value driver.Value, err error) {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || !rv.IsNil() {
		return v.Value()
	}
	if !AsksNil(rv.Type()) {
		return nil, nil
	}
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case runtime.Error:
			value, err = nil, nil
		default:
			value, err = nil, fmt.Errorf("it panics for a nil pointer: %v", cause)
		}
	}()
	return v.Value()
}

// AsksNil reports whether Value is called for a nil pointer of the given type: whether the
// method has a pointer receiver.
func AsksNil(pointer reflect.Type) bool {
	return pointer.Implements(valuerType) && !pointer.Elem().Implements(valuerType)
}
