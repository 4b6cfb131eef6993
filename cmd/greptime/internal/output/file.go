package output

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
)

// File is a file that appears under its name only when it is complete.
type File struct {
	*os.File
	path string // "" if the file is written in place
}

// Create begins a file. What has the name already stays until Commit, and a symbolic link
// stays one. A device or pipe is written in place; Create waits for the reader of a pipe until ctx ends.
func Create(ctx context.Context, path string) (*File, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f, err := createBeside(path, 0o666)
		return &File{f, path}, err
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		f, err := stdio.Await(ctx, func() (*os.File, error) { return os.OpenFile(path, os.O_WRONLY, 0) })
		return &File{File: f}, err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, err
	}
	f, err := createBeside(path, info.Mode().Perm())
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(info.Mode().Perm()); err != nil { // whatever the umask is
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return &File{f, path}, nil
}

// createBeside creates a file with a name of its own in the folder of path. Its mode is up to the
// caller and the umask, unlike that of os.CreateTemp.
func createBeside(path string, mode os.FileMode) (*os.File, error) {
	for {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".greptime-%016x", rand.Uint64()))
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
		var pathErr *fs.PathError
		switch {
		case errors.Is(err, fs.ErrExist):
		case errors.As(err, &pathErr): // with the name that the user knows
			return nil, &fs.PathError{Op: "create", Path: path, Err: pathErr.Err}
		default:
			return f, err
		}
	}
}

// Commit gives the file its name.
func (f *File) Commit() error {
	if f.path == "" {
		return f.File.Close()
	}
	err := f.File.Close()
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Abort removes what was written. After Commit it does nothing.
func (f *File) Abort() {
	if f.File.Close() == nil && f.path != "" {
		os.Remove(f.Name())
	}
}
