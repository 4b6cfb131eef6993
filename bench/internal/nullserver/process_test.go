package nullserver

import (
	"io"
	"strings"
	"testing"
)

// A server may be closed before it has begun to accept connections: that is no failure.
func TestServeEndsBeforeItBegan(t *testing.T) {
	for range 50 {
		if err := serve(strings.NewReader(""), io.Discard, 0); err != nil {
			t.Fatal(err)
		}
	}
}
