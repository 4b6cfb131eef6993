package load

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// badFile is the file that keeps the rows that cannot be written. It is CSV. Rows of an import
// that is continued are appended.
type badFile struct {
	f       *os.File
	w       *csv.Writer
	created bool // the file did not exist before
	begun   bool // it has the header
}

// badColumns are its columns.
var badColumns = []string{"file", "row", "line", "column", "reason", "text"}

// openBadFile opens a file of errors for appending. A file of another kind is left alone.
func openBadFile(name string) (*badFile, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o666)
	created := err == nil
	if errors.Is(err, fs.ErrExist) {
		f, err = os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("--errors: %w", err)
	}
	b := &badFile{f: f, w: csv.NewWriter(f), created: created}
	if !created {
		if b.begun, err = hasBadColumns(name); err != nil {
			return nil, errors.Join(fmt.Errorf("--errors: %w", err), f.Close())
		}
	}
	return b, nil
}

// hasBadColumns reports whether a file begins with the header of a file of errors. An empty
// file and one that is not regular do not; any other file is an error.
func hasBadColumns(name string) (bool, error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false, err
	}
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	want := strings.Join(badColumns, ",") + "\n"
	begin := make([]byte, len(want))
	if _, err := io.ReadFull(f, begin); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	if string(begin) != want {
		return false, fmt.Errorf("%s exists, and is not a file of errors of an import; name another file", name)
	}
	return true, nil
}

func (b *badFile) add(bad *BadRow) error {
	if !b.begun {
		if err := b.write(badColumns...); err != nil {
			return err
		}
		b.begun = true
	}
	line := ""
	if bad.Line > 0 {
		line = strconv.FormatInt(bad.Line, 10)
	}
	return b.write(bad.File, strconv.FormatInt(bad.Row, 10), line, bad.Column, bad.Reason, bad.Text)
}

// write writes a line, and has it in the file before it returns.
func (b *badFile) write(fields ...string) error {
	err := b.w.Write(fields)
	b.w.Flush()
	if err = errors.Join(err, b.w.Error()); err != nil {
		return fmt.Errorf("--errors: %w", err)
	}
	return nil
}

// close closes the file, and removes it if it is new and has no rows.
func (b *badFile) close() error {
	err := b.f.Close()
	if b.created && !b.begun {
		err = errors.Join(err, os.Remove(b.f.Name()))
	}
	return err
}
