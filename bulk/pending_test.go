package bulk

import "testing"

// FuzzAck has answers that make no sense: what is accepted has no negative count.
func FuzzAck(f *testing.F) {
	for _, s := range []string{`{"request_id":1,"affected_rows":3,"elapsed_secs":0.0015}`, `{"request_id":1,"affected_rows":3,"elapsed_secs":3.449e-6}`, `{"request_id":null}`, `{"request_id":1,"affected_rows":-3}`, `[]`, ``, `{"request_id":-5,"elapsed_secs":1e300}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ack, err := parseAck(b)
		if err != nil && ack != (Ack{}) {
			t.Errorf("%+v with error %v, want none with an error", ack, err)
		}
		if ack.Rows < 0 {
			t.Errorf("%q: %d rows", b, ack.Rows)
		}
	})
}
