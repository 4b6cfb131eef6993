package greptimetest_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// TestLiterals inserts the recorded pairs of column type and literal, and reads them
// back as the recording did.
func TestLiterals(t *testing.T) {
	t.Parallel()
	eachVersion(t, insertLiterals)
}

func insertLiterals(t *testing.T, v captures.Version) {
	s := startAs(t, v, greptimetest.Options{})
	for i, col := range captures.Literals() {
		t.Run(strings.ReplaceAll(col.Column, " ", "_"), func(t *testing.T) {
			t.Parallel()
			c := dial(t, s)
			table := fmt.Sprintf("literals_%d", i)
			c.sql(t, fmt.Sprintf("CREATE TABLE %s (ts TIMESTAMP(3) TIME INDEX, c %s) WITH (append_mode='true')", table, col.Column))
			want := map[string]string{}
			for n, l := range col.Values {
				req := c.request(fmt.Sprintf("INSERT INTO %s (ts, c) VALUES (%d, %s)", table, n, l.Literal))
				req.Header.Timezone = l.TimeZone
				ticket, err := proto.Marshal(req)
				if err != nil {
					t.Fatal(err)
				}
				a := c.doGet(t.Context(), ticket)
				if a.errCode != l.Code || l.Error != "" && a.message != l.Error {
					t.Errorf("%s (zone %q): %s %q, recorded %s %q", l.Literal, l.TimeZone, a.errCode, a.message, l.Code, l.Error)
				}
				if l.Error == "" {
					want[fmt.Sprint(n)] = "NULL"
					if l.Stored != nil {
						want[fmt.Sprint(n)] = *l.Stored
					}
				}
			}
			got := c.sql(t, fmt.Sprintf("SELECT ts, %s AS v FROM %s", col.ReadBy, table))
			if len(got.rows) != len(want) {
				t.Errorf("%d rows stored, recorded %d", len(got.rows), len(want))
			}
			for _, r := range got.rows {
				if r[1] != want[r[0]] {
					var n int
					fmt.Sscan(r[0], &n)
					t.Errorf("%s: stored %s, recorded %s", col.Values[n].Literal, r[1], want[r[0]])
				}
			}
		})
	}
}
