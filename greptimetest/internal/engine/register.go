package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/functions"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// scalarFunction is a function in Go as DuckDB takes it.
type scalarFunction struct{ expr.GoFunction }

// duckTypes are the types of the arguments and results of such functions.
var duckTypes = map[schema.Kind]duckdb.Type{
	schema.Bool: duckdb.TYPE_BOOLEAN, schema.Int64: duckdb.TYPE_BIGINT, schema.UInt64: duckdb.TYPE_UBIGINT, schema.Float32: duckdb.TYPE_FLOAT,
	schema.Float64: duckdb.TYPE_DOUBLE, schema.String: duckdb.TYPE_VARCHAR, schema.Binary: duckdb.TYPE_BLOB,
}

// Config returns the types of the function.
func (f scalarFunction) Config() duckdb.ScalarFuncConfig {
	var c duckdb.ScalarFuncConfig
	for _, k := range f.Args {
		c.InputTypeInfos = append(c.InputTypeInfos, mustType(k))
	}
	c.ResultTypeInfo = mustType(f.Result)
	return c
}

// Executor returns what calls the function.
func (f scalarFunction) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		args := make([]any, len(values))
		for i, v := range values {
			args[i] = v
		}
		return f.Call(args)
	}}
}

// mustType returns one of duckTypes, all of which are primitive and cannot fail.
func mustType(k schema.Kind) duckdb.TypeInfo {
	info, err := duckdb.NewTypeInfo(duckTypes[k])
	if err != nil {
		panic(err)
	}
	return info
}

// registerFunctions adds the macros and functions that translated queries call to the
// database.
func registerFunctions(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, m := range expr.Macros {
		if _, err := conn.ExecContext(ctx, m); err != nil {
			return fmt.Errorf("%s: %w", m, err)
		}
	}
	for _, f := range slices.Concat(expr.GoFunctions, functions.GoFunctions()) {
		if err := duckdb.RegisterScalarUDF(conn, f.Name, scalarFunction{f}); err != nil {
			return fmt.Errorf("function %s: %w", f.Name, err)
		}
	}
	return nil
}
