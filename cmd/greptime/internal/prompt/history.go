package prompt

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxHistory is the number of entries that are read from the file.
const maxHistory = 5000

// maxEntry is the length of the longest entry that is kept, in bytes.
const maxEntry = 64 << 10

// history is what was entered before, in a file with a JSON string per line. Entries with
// passwords are not kept, not even in memory.
type history struct {
	path  string // "" keeps it in memory only
	lines []string
}

// openHistory reads the history in a file, which is created when there is something to keep.
func openHistory(path string) (*history, error) {
	h := &history{path: path}
	if path == "" {
		return h, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return h, err
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		var line string
		if json.Unmarshal(scanner.Bytes(), &line) == nil {
			h.lines = append(h.lines, line)
		}
	}
	h.lines = h.lines[max(0, len(h.lines)-maxHistory):]
	return h, scanner.Err()
}

// Write adds an entry, unless it is the last one again, has a password, or is too long to be of use.
// It returns the number of entries.
func (h *history) Write(line string) (int, error) {
	line = strings.TrimSpace(line)
	if line == "" || len(line) > maxEntry || hasSecret(line) || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return len(h.lines), nil
	}
	h.lines = append(h.lines, line)
	if h.path == "" {
		return len(h.lines), nil
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return len(h.lines), err
	}
	f, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return len(h.lines), err
	}
	text, _ := json.Marshal(line) // of a string, which has no errors
	_, err = f.Write(append(text, '\n'))
	return len(h.lines), errors.Join(err, f.Close())
}

// GetLine returns an entry.
func (h *history) GetLine(i int) (string, error) {
	if i < 0 || i >= len(h.lines) {
		return "", errors.New("there is no such entry in the history")
	}
	return h.lines[i], nil
}

// Len returns the number of entries.
func (h *history) Len() int { return len(h.lines) }

// Dump returns all entries.
func (h *history) Dump() any { return h.lines }

var secrets = regexp.MustCompile(`(?i)passw|\bpwd\b|identified|secret|credential|(access|account|api|private|encryption)_?key|(session|sas|auth|access|bearer)[_ ]?token|\bbearer\b|\bauthorization\b|\b(create|alter)\s+user\b|--dsn|://\S*:\S*@`)

// hasSecret reports whether an entry may have a password in it.
func hasSecret(line string) bool { return secrets.MatchString(line) }
