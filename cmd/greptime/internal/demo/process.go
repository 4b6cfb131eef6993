package demo

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// anyPort is the address of a server for this program alone.
const anyPort = "127.0.0.1:0"

// command is the server's command, and the package that it is made of.
const (
	command        = "greptimetest"
	commandPackage = "github.com/greptime-go/greptime/greptimetest/cmd/greptimetest"
)

// stopPatience is how long the command may take to stop.
const stopPatience = 10 * time.Second

// startCommand runs the command as a process.
func startCommand(ctx context.Context, o Options) (*Server, error) {
	path, clean, err := findCommand(ctx, o)
	if err != nil {
		return nil, err
	}
	args := []string{"--addr", cmp.Or(o.Addr, anyPort)}
	if o.Dir != "" {
		args = append(args, "--data", o.Dir)
	}
	cmd := exec.Command(path, args...)
	cmd.SysProcAttr = ownGroup() // an interrupt of the terminal is for the program, not for the server
	out, err := cmd.StdoutPipe()
	if err != nil {
		clean()
		return nil, err
	}
	var complaint tail
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		clean()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	ended := make(chan struct{})
	dsn := make(chan string, 1)
	go func() {
		defer close(ended)
		defer clean()
		readDSN(out, dsn)
		_ = cmd.Wait()
	}()
	stop := func() error {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			_ = cmd.Process.Kill()
		}
		select {
		case <-ended:
			return nil
		case <-time.After(stopPatience):
			err := cmd.Process.Kill()
			<-ended
			return errors.Join(fmt.Errorf("%s did not stop within %v and was killed", command, stopPatience), err)
		}
	}
	select {
	case text := <-dsn:
		return &Server{DSN: text, How: "as the process " + path, ended: ended, stop: stop}, nil
	case <-ended:
		return nil, fmt.Errorf("%s ended at once: %s", path, strings.TrimSpace(complaint.String()))
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), stop())
	}
}

var dsnLine = regexp.MustCompile(`^\s*DSN\s+(\S+)`)

// readDSN reads what the command prints to the end, and sends the DSN that is in it.
func readDSN(out io.Reader, dsn chan<- string) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := dsnLine.FindStringSubmatch(lines.Text()); m != nil {
			dsn <- m[1]
			break
		}
	}
	_, _ = io.Copy(io.Discard, out)
}

// findCommand returns the path of the command: the one in PATH, or else one that Go makes. clean
// removes what was made for this time only.
func findCommand(ctx context.Context, o Options) (path string, clean func(), err error) {
	if path, err := exec.LookPath(command); err == nil {
		return path, func() {}, nil
	}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		return "", nil, errNoServer("there is no command "+command+", and no Go to make it", "")
	}
	if isReleased(o.Version) {
		return install(ctx, goCommand, o)
	}
	return build(ctx, goCommand, o)
}

// isReleased reports whether the program has a version that can be asked for.
func isReleased(version string) bool {
	return strings.HasPrefix(version, "v") && !strings.ContainsAny(version, "-+")
}

// install makes the command of a version, and keeps it for the next time.
func install(ctx context.Context, goCommand string, o Options) (string, func(), error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", nil, err
	}
	dir := filepath.Join(cache, "greptime", o.Version)
	path := filepath.Join(dir, executable(command))
	if _, err := os.Stat(path); err == nil {
		return path, func() {}, nil
	}
	name := commandPackage + "@" + o.Version
	fmt.Fprintf(o.Log, "Making %s by go install %s, which takes a minute or two, once …\n", command, name)
	cmd := exec.CommandContext(ctx, goCommand, "install", name)
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "CGO_ENABLED=1")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", nil, errNoServer("go install "+name+" failed", string(text))
	}
	return path, func() {}, nil
}

// build makes the command of a clone, for this time.
func build(ctx context.Context, goCommand string, o Options) (string, func(), error) {
	dir, err := os.MkdirTemp("", "greptime")
	if err != nil {
		return "", nil, err
	}
	clean := func() { os.RemoveAll(dir) }
	path := filepath.Join(dir, executable(command))
	fmt.Fprintf(o.Log, "Making %s by go build %s, which takes a minute or two …\n", command, commandPackage)
	cmd := exec.CommandContext(ctx, goCommand, "build", "-o", path, commandPackage)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if text, err := cmd.CombinedOutput(); err != nil {
		clean()
		return "", nil, errNoServer("go build "+commandPackage+" failed, which works in a clone of the repository", string(text))
	}
	return path, clean, nil
}

// errNoServer explains what to do if there is no server.
func errNoServer(reason, details string) error {
	text := fmt.Sprintf(`%s.

The server needs DuckDB, which needs a C++ compiler, so it is not within this program. Do one of these:
  - install the command: go install %s@latest
  - in a clone of the repository: go run -tags duckdb ./cmd/greptime demo
  - run GreptimeDB itself, and name it with --dsn`, reason, commandPackage)
	if details = strings.TrimSpace(details); details != "" {
		text += "\n\n" + details
	}
	return errors.New(text)
}

// tail keeps the end of what is written.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 4 << 10
	t.text = append(t.text, p...)
	if len(t.text) > most {
		t.text = t.text[len(t.text)-most:]
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.text) }
