package load

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/greptime-go/greptime/cmd/greptime/internal/compression"
)

// Format is the type of a file.
type Format string

// The formats.
const (
	CSV     Format = "csv"
	TSV     Format = "tsv"
	NDJSON  Format = "ndjson"
	Parquet Format = "parquet"
	Arrow   Format = "arrow" // IPC, as a file or as a stream
)

// endings are the endings of file names, without those of compression.
var endings = map[string]Format{
	".csv": CSV, ".tsv": TSV, ".tab": TSV,
	".ndjson": NDJSON, ".jsonl": NDJSON, ".json": NDJSON,
	".parquet": Parquet, ".pq": Parquet,
	".arrow": Arrow, ".arrows": Arrow, ".ipc": Arrow, ".feather": Arrow,
}

// ParseFormat reads the name of a format.
func ParseFormat(name string) (Format, error) {
	if f, ok := endings["."+strings.ToLower(name)]; ok {
		return f, nil
	}
	return "", fmt.Errorf("%q is not a format; there are csv, tsv, ndjson, parquet and arrow", name)
}

// IsText reports whether the format is text, whose types are found from a sample.
func (f Format) IsText() bool { return f == CSV || f == TSV || f == NDJSON }

// The first bytes of files.
var (
	magicGzip    = []byte{0x1f, 0x8b}
	magicZstd    = []byte{0x28, 0xb5, 0x2f, 0xfd}
	magicParquet = []byte("PAR1")
	magicArrow   = []byte("ARROW1")
	magicStream  = []byte{0xff, 0xff, 0xff, 0xff} // of Arrow IPC
)

// others are the first bytes of files that are often taken for one of the formats.
var others = []struct {
	magic      []byte
	name, hint string
}{
	{[]byte("PK\x03\x04"), "a ZIP archive or an Excel file", "extract it, or save it as CSV"},
	{[]byte("BZh"), "compressed by bzip2", "decompress it with bunzip2"},
	{[]byte("\xfd7zXZ\x00"), "compressed by xz", "decompress it with unxz"},
	{[]byte("\x04\x22\x4d\x18"), "compressed by lz4", "decompress it with lz4 -d"},
	{[]byte("SQLite format 3"), "an SQLite database", "export a table of it as CSV"},
	{[]byte("Obj\x01"), "an Avro file", "convert it to Parquet"},
	{[]byte("ORC"), "an ORC file", "convert it to Parquet"},
}

// compressionOf returns how bytes are compressed that a file begins with.
func compressionOf(begin []byte) compression.Kind {
	switch {
	case bytes.HasPrefix(begin, magicGzip):
		return compression.Gzip
	case bytes.HasPrefix(begin, magicZstd):
		return compression.Zstd
	}
	return compression.None
}

// formatOf returns the format of a file, by the format that was asked for, the first bytes,
// and the format that its name tells, each "" if unknown.
func formatOf(name string, asked, named Format, begin []byte) (Format, error) {
	found := Format("")
	switch {
	case bytes.HasPrefix(begin, magicParquet):
		found = Parquet
	case bytes.HasPrefix(begin, magicArrow), bytes.HasPrefix(begin, magicStream):
		found = Arrow
	}
	for _, o := range others {
		if found == "" && bytes.HasPrefix(begin, o.magic) {
			return "", fmt.Errorf("%s is %s; %s", name, o.name, o.hint)
		}
	}
	want := asked
	if want == "" {
		want = named
	}
	switch {
	case want == "" && found == "":
		return "", fmt.Errorf("%s: what kind of file is it? Neither its name nor its first bytes tell; give --input-format csv, tsv, ndjson, parquet or arrow", name)
	case want == "" || found == want:
		return found, nil
	case found != "":
		return "", fmt.Errorf("%s is a file of type %s, not %s; give --input-format %s, or the right file", name, found, want, found)
	case !want.IsText() && len(begin) == 0:
		return "", fmt.Errorf("%s is empty, and so is not a file of type %s", name, want)
	case !want.IsText():
		return "", fmt.Errorf("%s is not a file of type %s: it does not begin as one", name, want)
	case bytes.IndexByte(begin, 0) >= 0 && !bytes.HasPrefix(begin, []byte("\xff\xfe")) && !bytes.HasPrefix(begin, []byte("\xfe\xff")):
		return "", fmt.Errorf("%s is not text, and so is not a file of type %s", name, want)
	}
	return want, nil
}
