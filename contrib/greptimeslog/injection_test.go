package greptimeslog

import (
	"encoding/json"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/greptime-go/greptime/internal/test/sqlshape"
)

// TestHostileTextsRemainValues logs hostile messages, keys, values and groups. Each record is one
// row that has them.
func TestHostileTextsRemainValues(t *testing.T) {
	t.Parallel()
	db := open(t)
	h := newHandler(t, db, Options{})
	logger := slog.New(h)
	hostile := sqlshape.Hostile()
	for _, text := range hostile {
		logger.WithGroup("g"+text).Info(text, "k"+text, text)
	}
	all := rows(t, h, db)
	if len(all) != len(hostile) {
		t.Fatalf("%d rows, want %d", len(all), len(hostile))
	}
	found := map[string]bool{}
	for _, row := range all {
		var got any
		if err := json.Unmarshal([]byte(row.attributes.V), &got); err != nil {
			t.Fatal(err)
		}
		want := any(map[string]any{"g" + row.message: map[string]any{"k" + row.message: row.message}})
		if !reflect.DeepEqual(got, want) {
			t.Errorf("message %q with %v, want %v", row.message, got, want)
		}
		found[row.message] = true
	}
	for _, text := range hostile {
		if !found[strings.ToValidUTF8(text, "\uFFFD")] {
			t.Errorf("%q is not stored", text)
		}
	}
}
