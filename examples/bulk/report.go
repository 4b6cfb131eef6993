package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/examples/internal/demo"
)

// barInterval is how often the writer reports its progress.
const barInterval = 100 * time.Millisecond

// outcome is what came of a load.
type outcome struct {
	name    string
	summary bulk.Summary
	sent    int64 // bytes
	elapsed time.Duration
}

// rate is rows acknowledged a second.
func (o outcome) rate() float64 {
	return float64(o.summary.Rows) / o.elapsed.Seconds()
}

// report prints the loads as a table, with bars for rows a second.
func report(loads []outcome) {
	if len(loads) == 0 {
		return
	}
	const width = 20 // of the longest bar
	fastest := loads[0]
	for _, o := range loads {
		if o.rate() > fastest.rate() {
			fastest = o
		}
	}
	fmt.Println("┌──────────────────┬─────────┬────────────┬─────────┬─────────┬──────────┬───────────┬──────────────────────┐")
	fmt.Println("│ way              │ batches │       rows │ unknown │ elapsed │  MB sent │    rows/s │                      │")
	fmt.Println("├──────────────────┼─────────┼────────────┼─────────┼─────────┼──────────┼───────────┼──────────────────────┤")
	for _, o := range loads {
		bar := ""
		if o.summary.Rows > 0 {
			bar = strings.Repeat("█", int(o.rate()/fastest.rate()*width+0.5))
		}
		fmt.Printf("│ %-16s │ %7s │ %10s │ %7s │ %6.2fs │ %8.1f │ %9s │ %s%s │\n",
			o.name, count(o.summary.Acknowledged), count(o.summary.Rows), count(o.summary.Ambiguous),
			o.elapsed.Seconds(), float64(o.sent)/1e6, count(int64(o.rate())),
			paint(bar, o.name == fastest.name), strings.Repeat(" ", width-len([]rune(bar))))
	}
	fmt.Println("└──────────────────┴─────────┴────────────┴─────────┴─────────┴──────────┴───────────┴──────────────────────┘")
	if len(loads) > 1 {
		fmt.Printf("Fastest: %s, %.1f times as many rows/s as %s.\n", fastest.name, fastest.rate()/loads[0].rate(), loads[0].name)
	}
}

// paint colors a bar on a terminal.
func paint(bar string, fastest bool) string {
	if !demo.Terminal() {
		return bar
	}
	if fastest {
		return "\x1b[32m" + bar + "\x1b[0m"
	}
	return "\x1b[36m" + bar + "\x1b[0m"
}

// count groups digits by threes: 500,000.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
