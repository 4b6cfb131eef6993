package load

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"
)

// badFile is the file that rows go to which cannot be written. It is CSV. Rows of an import
// that is continued are appended.
type badFile struct {
	f    *os.File
	w    *csv.Writer
	rows int64
}

// badColumns are its columns.
var badColumns = []string{"file", "row", "line", "column", "reason", "text"}

func openBadFile(name string) (*badFile, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return nil, fmt.Errorf("--errors: %w", err)
	}
	b := &badFile{f: f, w: csv.NewWriter(f)}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--errors: %w", err), f.Close())
	}
	if info.Mode().IsRegular() && info.Size() > 0 {
		return b, nil
	}
	return b, b.write(badColumns...)
}

func (b *badFile) add(bad *BadRow) error {
	line := ""
	if bad.Line > 0 {
		line = strconv.FormatInt(bad.Line, 10)
	}
	b.rows++
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

// close closes the file, and removes it if it is regular and has no rows.
func (b *badFile) close() error {
	info, statErr := b.f.Stat()
	header := int64(len("file,row,line,column,reason,text\n"))
	empty := statErr == nil && info.Mode().IsRegular() && info.Size() <= header
	err := b.f.Close()
	if empty {
		err = errors.Join(err, os.Remove(b.f.Name()))
	}
	return err
}
