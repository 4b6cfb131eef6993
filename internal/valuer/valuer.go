// Package valuer asks a driver.Valuer for its value as database/sql does, but lets no
// panic of a nil pointer's method escape.
package valuer

import (
	"database/sql/driver"
	"fmt"
	"reflect"
	"runtime"
)

var valuerType = reflect.TypeFor[driver.Valuer]()

// Value returns the value of v. A nil pointer whose method has a value receiver is NULL:
// there is nothing to call the method with. A nil pointer whose method has a pointer
// receiver is asked; it is NULL, too, if the method dereferences it.
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

// AsksNil reports whether a nil pointer of that type is asked for its value: its method
// Value has a pointer receiver.
func AsksNil(pointer reflect.Type) bool {
	return pointer.Implements(valuerType) && !pointer.Elem().Implements(valuerType)
}
