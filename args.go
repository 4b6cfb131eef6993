package greptime

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/greptime-go/greptime/internal/sqlarg"
	"github.com/greptime-go/greptime/internal/sqltext"
)

// checkedValue resolves a value and checks that it can be an argument. It cuts a time to a
// multiple of cut, towards the past.
func checkedValue(v any, cut time.Duration) (any, error) {
	v, err := sqlarg.Plain(v)
	if at, ok := v.(time.Time); ok && cut > 0 {
		v = at.Truncate(cut)
	}
	if err == nil {
		_, err = sqlarg.Of(v)
	}
	return v, err
}

// namedValues checks and numbers the arguments of calls that do not come through
// database/sql.
func namedValues(args []any, cut time.Duration) ([]driver.NamedValue, error) {
	named := make([]driver.NamedValue, len(args))
	for i, v := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
		if n, ok := v.(sql.NamedArg); ok {
			named[i].Name, v = n.Name, n.Value
		}
		var err error
		if named[i].Value, err = checkedValue(v, cut); err != nil {
			return nil, argError(named[i].Name, i+1, err)
		}
	}
	return named, nil
}

// bindArgs returns the checked arguments in the form that package sqltext renders.
func bindArgs(args []driver.NamedValue) ([]sqltext.Arg, error) {
	list := make([]sqltext.Arg, len(args))
	for i, nv := range args {
		arg, err := sqlarg.Of(nv.Value)
		if err != nil {
			return nil, argError(nv.Name, nv.Ordinal, err)
		}
		arg.Name = nv.Name
		list[i] = arg
	}
	return list, nil
}

func argError(name string, ordinal int, err error) error {
	if name != "" {
		return fmt.Errorf("greptime: argument :%s: %w", name, err)
	}
	return fmt.Errorf("greptime: argument %d: %w", ordinal, err)
}
