// Package driver registers GreptimeDB's driver with database/sql as "greptime".
// Import it only for this effect:
//
//	import _ "github.com/greptime-go/greptime/driver"
//
//	db, err := sql.Open("greptime", "greptime://user:password@localhost:4001/public")
//
// Package greptime documents the data source name, the types and the errors. This
// package adds nothing to it.
package driver

import (
	"database/sql"

	"github.com/greptime-go/greptime"
)

func init() { sql.Register("greptime", greptime.Driver{}) }
