// Package columntypes lists the types of columns, for tests that try all of them.
package columntypes

import "github.com/greptime-go/greptime/internal/column"

// All returns a type of each kind: DECIMAL(10, 2), VECTOR(2), and those without parameters.
func All() []column.Type {
	var list []column.Type
	for k := column.Kind(1); k < 64; k++ {
		t := column.Of(k)
		switch k {
		case column.Decimal:
			t = column.DecimalOf(10, 2)
		case column.Vector:
			t = column.VectorOf(2)
		}
		if t.Check() == nil {
			list = append(list, t)
		}
	}
	return list
}
