// Package driver registers GreptimeDB's driver with database/sql as "greptime".
// Import it for that alone:
//
//	import _ "github.com/greptime-go/greptime/driver"
//
//	db, err := sql.Open("greptime", "greptime://user:password@localhost:4001/public")
//
// The form of the data source name, the types and the errors are those of
// package greptime, which this one registers and adds nothing to.
package driver

import (
	"database/sql"

	"github.com/greptime-go/greptime"
)

func init() { sql.Register("greptime", greptime.Driver{}) }
