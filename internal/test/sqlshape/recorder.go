package sqlshape

import (
	"strings"
	"sync"
	"testing"

	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// Recorder is a server that keeps the texts it is sent. It answers queries with a row of
// constants, and everything else with two affected rows.
type Recorder struct {
	*wiretest.Server
	mu    sync.Mutex
	texts []string
}

// Record starts a Recorder.
func Record(t testing.TB) *Recorder {
	t.Helper()
	r := &Recorder{}
	r.Server = wiretest.Start(t, r.handle)
	return r
}

func (r *Recorder) handle(c *wiretest.Call) error {
	if c.Method != wiretest.MethodDoGet {
		return c.Respond(2)
	}
	text, err := c.SQL()
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.texts = append(r.texts, text)
	r.mu.Unlock()
	answer := "insert_two_rows"
	if strings.HasPrefix(text, "SELECT") {
		answer = "select_constants"
	}
	return wiretest.Replay(captures.DoGetByName(answer))(c)
}

// Take returns the texts since the last Take.
func (r *Recorder) Take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	texts := r.texts
	r.texts = nil
	return texts
}

// harmless are texts of which each type that can hold text accepts one.
var harmless = []string{"harmless", "1", "-1", "1e5"}

// Check calls send with harmless texts and with hostile ones. For each hostile text the server must
// be sent the same as for one of the harmless texts, but for the contents of literals and quoted
// names. An error of send for a text that it refuses is no fault, if nothing was sent.
func (r *Recorder) Check(t testing.TB, what string, hostile []string, send func(text string) error) {
	t.Helper()
	r.Take()
	accepted := map[string]bool{}
	for _, text := range harmless {
		err := send(text)
		if texts := r.Take(); len(texts) > 0 || err == nil {
			accepted[shapes(texts)] = true
		}
	}
	if len(accepted) == 0 {
		t.Errorf("%s: no harmless text is accepted", what)
	}
	for _, text := range hostile {
		err := send(text)
		if texts := r.Take(); (len(texts) > 0 || err == nil) && !accepted[shapes(texts)] {
			t.Errorf("%s: %q was sent as %q, error %v; harmless texts are sent as %v", what, text, texts, err, accepted)
		}
	}
}

// shapes returns the shapes of texts as one text.
func shapes(texts []string) string {
	var list []string
	for _, text := range texts {
		list = append(list, Of(text).Tokens)
	}
	return strings.Join(list, "\n")
}
