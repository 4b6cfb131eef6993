package bulk

import (
	"fmt"
	"testing"

	"github.com/greptime-go/greptime/internal/test/captures"
)

// FuzzAck has answers that make no sense: what is accepted has no negative count.
// An ack means the same when it is written again, and is of a batch that can be.
func FuzzAck(f *testing.F) {
	for _, s := range []string{`{"request_id":1,"affected_rows":3,"elapsed_secs":0.0015}`, `{"request_id":1,"affected_rows":3,"elapsed_secs":3.449e-6}`, `{"request_id":null}`, `{"request_id":1,"affected_rows":-3}`, `[]`, ``, `{"request_id":-5,"elapsed_secs":1e300}`, `{"request_id":1,"elapsed_secs":-1}`} {
		f.Add([]byte(s))
	}
	for _, x := range captures.DoPuts() {
		for _, m := range x.Results {
			f.Add(m.AppMetadata)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ack, err := parseAck(b)
		if err != nil {
			if ack != (Ack{}) {
				t.Errorf("%+v with error %v, want none with an error", ack, err)
			}
			return
		}
		if ack.Rows < 0 || ack.Elapsed < 0 {
			t.Errorf("%q: %+v", b, ack)
		}
		written := fmt.Sprintf(`{"elapsed_secs":%v,"affected_rows":%d,"request_id":%d}`, ack.Elapsed.Seconds(), ack.Rows, ack.ID)
		again, err := parseAck([]byte(written))
		if difference := again.Elapsed - ack.Elapsed; err != nil || again.ID != ack.ID || again.Rows != ack.Rows || difference.Abs() > ack.Elapsed>>50+1 {
			t.Errorf("%q is %+v, written as %s and read as %+v, %v", b, ack, written, again, err)
		}
	})
}
