package insert

import (
	"database/sql/driver"

	"github.com/greptime-go/greptime/internal/govalue"
)

// Valuer wraps a driver.Valuer, so that Append, Set and column slices store what its Value
// method returns. Fields of structs need no wrapping.
//
// A driver.Valuer that is not wrapped is an error: a method of a type that this package does
// not know could keep its receiver, so the compiler would have to allocate every argument of
// every Append.
func Valuer(v driver.Valuer) any { return govalue.Valuer{Valuer: v} }
