package snippets

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	// link is the target of a link to a file of the repository.
	link = regexp.MustCompile(`\]\(([^)#:\s]+)[)#]`)
	// folder is what a go command names of the repository.
	folder = regexp.MustCompile(`\bgo [a-z]+ (?:-\S+ )*(\./|github\.com/greptime-go/greptime/)([a-z][\w/-]*)`)
)

// missing returns an error for each file, folder or package of the repository that
// the text of a document names and that is not there. Folders in commands are
// relative to the root of the repository, links to the document. Outside a clone,
// where a module has no neighbours, it returns nothing.
func missing(path, text string) []error {
	root, ok := repository(filepath.Dir(path))
	if !ok {
		return nil
	}
	var errs []error
	number := 0
	for line := range strings.Lines(text) {
		number++
		for _, m := range link.FindAllStringSubmatch(line, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				errs = append(errs, fmt.Errorf("%s:%d: the link leads nowhere: %w", path, number, err))
			}
		}
		for _, m := range folder.FindAllStringSubmatch(line, -1) {
			if _, err := os.Stat(filepath.Join(root, m[2])); err != nil {
				errs = append(errs, fmt.Errorf("%s:%d: %s%s is not in the repository: %w", path, number, m[1], m[2], err))
			}
		}
	}
	return errs
}

// repository returns the folder of go.work at or above dir.
func repository(dir string) (string, bool) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", false
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}
