package greptime_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/greptime-go/greptime"
)

func ExampleParseDSN() {
	cfg, err := greptime.ParseDSN("greptime://alice:p%40ss@db1,db2/metrics?timezone=Asia/Shanghai&timeout=30s")
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg.Balance = "ordered"
	fmt.Println(cfg.Endpoints, cfg.Database, cfg.Timeout)
	fmt.Println(cfg) // hides the password
	// Output:
	// [db1:4001 db2:4001] metrics 30s
	// greptime://alice:***@db1:4001,db2:4001/metrics?timezone=Asia/Shanghai&timeout=30s&balance=ordered
}

func ExampleCode() {
	var err error = &greptime.Error{
		Code:     greptime.TableNotFound,
		Message:  "Table not found: greptime.public.readings",
		Endpoint: "db1:4001",
	}
	if errors.Is(err, greptime.TableNotFound) {
		fmt.Println(err)
	}
	// Output:
	// greptime: Table not found: greptime.public.readings (TableNotFound 4001, db1:4001)
}

func ExampleDateOf() {
	shanghai := time.FixedZone("CST", 8*60*60)
	moment := time.Date(2024, 2, 28, 20, 0, 0, 0, time.UTC)
	fmt.Println(greptime.DateOf(moment), greptime.DateOf(moment.In(shanghai)))
	// Output:
	// 2024-02-28 2024-02-29
}
