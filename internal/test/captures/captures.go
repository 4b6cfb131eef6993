// Package captures holds gRPC exchanges with standalone servers of GreptimeDB 1.0.2
// and 1.1.4, recorded byte for byte. They serve the tests of everything that speaks
// the protocol: the driver replays the server's side, the test server the client's.
//
// All exchanges were recorded with 1.0.2. Exchanges that 1.1.4 answers differently
// exist a second time, under names that begin with "v1.1.4/". The lists contain both;
// Of returns the exchanges of one version.
//
// The recordings are one embedded archive (see README.md for the meaning of its
// keys), which is read once, at the first call. The results of the functions are shared
// by all callers. They are safe for concurrent use and must not be modified. Functions
// that look up an exchange by name panic if there is none, and all panic if the archive
// is unreadable: both are mistakes in the program, and only tests and test servers use
// this package.
package captures

import (
	"archive/tar"
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

//go:embed captures.tar.zst
var packed []byte

// archive is the decoded content of captures.tar.zst. Exchanges are in the order
// of their file names.
type archive struct {
	files    int
	doGets   []DoGet
	authGets []DoGet
	handles  []Handle
	doPuts   []DoPut
	authHs   []Handle
	authPuts []DoPut
	unary    []Unary
	literals literals
	keywords []string
	schema   string
}

var load = sync.OnceValue(func() *archive {
	a, err := unpack(packed)
	if err != nil {
		panic(fmt.Sprintf("captures: captures.tar.zst: %v", err))
	}
	return a
})

func unpack(packed []byte) (*archive, error) {
	zr, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer zr.Close()
	a := &archive{}
	tr := tar.NewReader(zr)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return a, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", h.Name, err)
		}
		if err := a.add(h.Name, data); err != nil {
			return nil, fmt.Errorf("%s: %w", h.Name, err)
		}
		a.files++
	}
}

// add decodes one file of the archive into the list it belongs to.
func (a *archive) add(file string, data []byte) error {
	dir, base := path.Split(file)
	name := strings.TrimSuffix(base, ".json")
	version := V1_0_2
	if rest, ok := strings.CutPrefix(dir, V1_1_4.folder()); ok {
		version, dir = V1_1_4, rest
	}
	switch {
	case file == "literals.json":
		return decode(data, &a.literals)
	case file == "keywords.txt":
		a.keywords = words(string(data))
		return nil
	case file == "schema.sql":
		a.schema = string(data)
		return nil
	case dir == "doget/":
		return appendExchange(&a.doGets, version, name, file, data)
	case dir == "handle/":
		return appendExchange(&a.handles, version, name, file, data)
	case dir == "doput/":
		return appendExchange(&a.doPuts, version, name, file, data)
	case dir == "auth/" && strings.HasPrefix(name, "doget_"):
		return appendExchange(&a.authGets, version, "auth/"+name, file, data)
	case dir == "auth/" && (strings.HasPrefix(name, "handle_") || strings.HasPrefix(name, "stream_")):
		return appendExchange(&a.authHs, version, "auth/"+name, file, data)
	case dir == "auth/" && strings.HasPrefix(name, "doput_"):
		return appendExchange(&a.authPuts, version, "auth/"+name, file, data)
	case dir == "auth/":
		return appendExchange(&a.unary, version, "auth/"+name, file, data)
	}
	return errors.New("belongs to no kind of exchange")
}

// decode refuses keys that the type has no field for, so that no part of a new recording
// is silently lost.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// words returns the words of a text that has one per line, without its comments.
func words(text string) []string {
	var ws []string
	for line := range strings.Lines(text) {
		if w := strings.TrimSpace(line); w != "" && !strings.HasPrefix(w, "#") {
			ws = append(ws, w)
		}
	}
	return ws
}
