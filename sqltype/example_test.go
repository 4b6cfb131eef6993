package sqltype_test

import (
	"fmt"
	"time"

	"github.com/greptime-go/greptime/sqltype"
)

func ExampleDate() {
	date := sqltype.DateOf(time.Date(2024, 2, 28, 20, 0, 0, 0, time.UTC))
	days, err := date.EpochDays()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(date, days, sqltype.DateFromEpochDays(days+1))
	// Output:
	// 2024-02-28 19781 2024-02-29
}
