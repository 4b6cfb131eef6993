package output

import (
	"errors"
	"os"
	"path/filepath"
)

// File is a file that appears under its name only when it is complete.
type File struct {
	*os.File
	path string // "" if the file is written in place
}

// Create begins a file. What has the name already stays until Commit. A device or pipe is
// written in place.
func Create(path string) (*File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		return &File{File: f}, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	return &File{f, path}, nil
}

// Commit gives the file its name.
func (f *File) Commit() error {
	if f.path == "" {
		return f.File.Close()
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(f.path); err == nil {
		mode = info.Mode().Perm()
	}
	if err := errors.Join(f.File.Chmod(mode), f.File.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), f.path)
}

// Abort removes what was written. After Commit it does nothing.
func (f *File) Abort() {
	if f.File.Close() == nil && f.path != "" {
		os.Remove(f.Name())
	}
}
