package stations

import (
	"errors"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/greptimetest"
)

// open starts a server for the test, and opens a store on it.
func open(t *testing.T) (*Store, *greptimetest.Server) {
	t.Helper()
	server := greptimetest.Start(t) // stops with the test
	store, err := Open(t.Context(), server.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store, server
}

var noon = Reading{"JFK", 21.5, time.Date(2013, 7, 1, 12, 0, 0, 0, time.UTC)}

func TestLatest(t *testing.T) {
	t.Parallel()
	store, _ := open(t)
	later := Reading{"JFK", 23, noon.At.Add(time.Hour)}
	for _, r := range []Reading{later, noon} {
		if err := store.Save(t.Context(), r, 1); err != nil {
			t.Fatal(err)
		}
	}
	got, err := store.Latest(t.Context(), "JFK")
	if err != nil {
		t.Fatal(err)
	}
	if got != later {
		t.Errorf("the latest reading is %v, want %v", got, later)
	}
	if _, err := store.Latest(t.Context(), "LGA"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a station without readings answers %v, want ErrUnknown", err)
	}
}

// TestSaveTriesAgain: the server can fail on purpose, here with a temporary problem.
func TestSaveTriesAgain(t *testing.T) {
	t.Parallel()
	store, server := open(t)
	server.Inject(greptimetest.Fault{Requests: 2, Code: uint32(greptime.RegionNotReady), Message: "region not ready"})
	if err := store.Save(t.Context(), noon, 3); err != nil {
		t.Errorf("after two refusals the third attempt answers %v", err)
	}
	if got, err := store.Latest(t.Context(), noon.Station); err != nil || got != noon {
		t.Errorf("the store has %v, %v, want %v", got, err, noon)
	}
}

// TestSaveWithoutServer: if the server is down, the error proves that nothing was stored.
func TestSaveWithoutServer(t *testing.T) {
	t.Parallel()
	store, server := open(t)
	server.Refuse()
	var e *greptime.Error
	if err := store.Save(t.Context(), noon, 1); !errors.As(err, &e) || e.Ambiguous {
		t.Errorf("with the server down Save answers %v, want an error which proves that nothing was stored", err)
	}
}
