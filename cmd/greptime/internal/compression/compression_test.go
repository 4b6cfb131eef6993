package compression_test

import (
	"strings"
	"testing"

	"github.com/greptime-go/greptime/cmd/greptime/internal/compression"
)

func TestOfFile(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.csv": "none .csv", "x/A.CSV.GZ": "gzip .csv", "a.b.tsv.gzip": "gzip .tsv", "a.arrow.zst": "zstd .arrow", "a.zstd": "zstd ",
		"a": "none ", "x.gz/a": "none ", "a.xz": "none .xz", ".gz": "gzip ",
	} {
		kind, ending := compression.OfFile(name)
		if got := string(kind) + " " + ending; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, kind := range []compression.Kind{compression.None, compression.Gzip, compression.Zstd} {
		if got, err := compression.Parse(strings.ToUpper(string(kind))); err != nil || got != kind {
			t.Errorf("%s: %s, %v", kind, got, err)
		}
	}
	if _, err := compression.Parse("rar"); err == nil || !strings.Contains(err.Error(), "none, gzip and zstd") {
		t.Errorf("rar: %v", err)
	}
}
