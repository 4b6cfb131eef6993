// Package compression knows how files are compressed, and how their names say so.
package compression

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Kind is how a file is compressed.
type Kind string

// The kinds.
const (
	None Kind = "none"
	Gzip Kind = "gzip"
	Zstd Kind = "zstd"
)

// Parse returns the kind of a name.
func Parse(name string) (Kind, error) {
	switch k := Kind(strings.ToLower(name)); k {
	case None, Gzip, Zstd:
		return k, nil
	}
	return "", fmt.Errorf("unknown compression %q; there are none, gzip and zstd", name)
}

// OfFile returns how a file of that name is compressed, and the ending that the name has without
// that, in lower case: gzip and .csv of "x/A.CSV.gz".
func OfFile(name string) (k Kind, ending string) {
	base := strings.ToLower(filepath.Base(name))
	ending = filepath.Ext(base)
	switch ending {
	case ".gz", ".gzip":
		k = Gzip
	case ".zst", ".zstd":
		k = Zstd
	default:
		return None, ending
	}
	return k, filepath.Ext(strings.TrimSuffix(base, ending))
}
