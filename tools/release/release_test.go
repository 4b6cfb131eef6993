package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/modfile"
)

const root = "github.com/greptime-go/greptime"

// A user gets the modules of a release by go get and go run, before the tags are pushed,
// from the proxy that is made with it.
func TestModulesOfAReleaseAreUsable(t *testing.T) {
	if testing.Short() {
		t.Skip("links DuckDB twice")
	}
	seeWholeRepository(t)
	for _, variable := range []string{"GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"} {
		t.Setenv(variable, "test")
	}
	repository, err := output(".", "git", "rev-parse", "--show-toplevel")
	if err != nil {
		t.Skipf("no Git repository: %v", err)
	}
	version := fmt.Sprintf("v0.0.0-test.%d", time.Now().UnixNano())
	r, err := prepare(repository, version, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.forget(); err != nil {
			t.Error(err)
		}
	})
	t.Run("order", func(t *testing.T) {
		var s strings.Builder
		if err := r.instructions(&s); err != nil {
			t.Fatal(err)
		}
		last := 0
		for _, tag := range []string{version, "greptimetest/" + version, "contrib/greptimegorm/" + version} {
			at := strings.Index(s.String(), "git tag "+tag+" && git push origin "+tag+"\n")
			if at < last {
				t.Errorf("tag %s is missing or too early in\n%s", tag, s.String())
			}
			last = at
		}
		for _, dir := range private {
			if strings.Contains(s.String(), dir+"/"+version) {
				t.Errorf("%s is published in\n%s", dir, s.String())
			}
		}
	})
	t.Run("go.mod", func(t *testing.T) {
		for _, m := range r.modules {
			testReleasedGoMod(t, r, m)
		}
	})
	for name, u := range uses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u.test(t, r)
		})
	}
}

// seeWholeRepository makes go test run a test again when a file of the repository has
// changed: it looks at what a test reads.
func seeWholeRepository(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("../..", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == ".git" {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testReleasedGoMod(t *testing.T, r *release, m module) {
	t.Helper()
	file, err := readGoMod(filepath.Join(r.repository, m.dir))
	if err != nil {
		t.Fatal(err)
	}
	if m.published() && len(file.Replace)+len(file.Exclude) > 0 {
		t.Errorf("module %s has replace or exclude directives", m.path)
	}
	for _, required := range file.Require {
		if strings.HasPrefix(required.Mod.Path, root) && required.Mod.Version != r.version {
			t.Errorf("module %s requires %s", m.path, required.Mod)
		}
	}
}

// A use is what somebody does in an empty folder to use a module.
type use struct {
	program  string     // main.go, if there is one
	commands [][]string // @version stands for that of the release
	prints   string     // what the last command prints among other things
}

var uses = map[string]use{
	"the driver": {
		program: `package main

import (
	"database/sql"
	"fmt"

	_ "github.com/greptime-go/greptime/driver"
)

func main() { fmt.Println(sql.Drivers()) }
`,
		commands: [][]string{{"go", "get", root + "@version"}, {"go", "run", "."}},
		prints:   "[greptime]",
	},
	"a module of contrib": {
		program: `package main

import (
	"fmt"

	"gorm.io/gorm"

	"github.com/greptime-go/greptime/contrib/greptimegorm"
)

func main() {
	_, err := gorm.Open(greptimegorm.Open("greptime://localhost:4001?nonsense=1"))
	fmt.Println(err)
}
`,
		commands: [][]string{{"go", "get", root + "/contrib/greptimegorm@version"}, {"go", "run", "."}},
		prints:   "nonsense",
	},
	"greptimetest": {
		program: `package main

import (
	"database/sql"
	"fmt"
	"log"

	_ "github.com/greptime-go/greptime/driver"
	"github.com/greptime-go/greptime/greptimetest"
)

func main() {
	s, err := greptimetest.New(greptimetest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	db, err := sql.Open("greptime", s.DSN())
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	var n int
	fmt.Println(db.QueryRow("SELECT 41 + 1").Scan(&n), n)
}
`,
		commands: [][]string{{"go", "get", root + "/greptimetest@version"}, {"go", "run", "."}},
		prints:   "<nil> 42",
	},
	"the greptimetest command": {
		commands: [][]string{{"go", "run", root + "/greptimetest/cmd/greptimetest@version", "-h"}},
		prints:   "-addr",
	},
}

func (u use) test(t *testing.T, r *release) {
	dir := t.TempDir()
	commands := u.commands
	if u.program != "" {
		if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(u.program), 0o644); err != nil {
			t.Fatal(err)
		}
		commands = slices.Concat([][]string{{"go", "mod", "init", "example.com/user"}}, commands)
	}
	var out []byte
	for _, args := range commands {
		args = slices.Clone(args)
		for i := range args {
			args[i] = strings.Replace(args[i], "@version", "@"+r.version, 1)
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), r.proxy.environment()...)
		cmd.Env = append(cmd.Env, "GOWORK=off", "GOSUMDB=off") // the go.sum files of the repository have checked all modules
		var err error
		if out, err = cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	if !strings.Contains(string(out), u.prints) {
		t.Errorf("printed %q, want %q in it", out, u.prints)
	}
}

func TestVersionsAreCheckedFirst(t *testing.T) {
	t.Parallel()
	for version, ok := range map[string]bool{
		"v0.1.0": true, "v1.22.333": true, "v1.0.0-rc.1": true,
		"1.0.0": false, "v1": false, "v1.0": false, "v2.0.0": false, "v1.0.0+meta": false, "": false,
	} {
		if err := checkVersion(version); (err == nil) != ok {
			t.Errorf("%q: %v", version, err)
		}
	}
}

func TestGoModOfARelease(t *testing.T) {
	t.Parallel()
	const before = `module example.com/a/b

go 1.26.0

require (
	example.com/a v0.0.0
	example.com/a/test v0.0.0-00010101000000-000000000000 // indirect
	example.com/other v1.2.3
)

replace (
	example.com/a => ../
	example.com/a/test => ../test
)

// Why.
exclude example.com/other v1.2.4
`
	const after = `module example.com/a/b

go 1.26.0

require (
	example.com/a v1.0.0
	example.com/a/test v1.0.0 // indirect
	example.com/other v1.2.3
)
`
	modules := []module{{path: "example.com/a"}, {path: "example.com/a/b"}, {path: "example.com/a/test"}}
	for _, test := range []struct {
		published bool
		want      string
	}{
		{true, after},
		{false, after + before[strings.Index(before, "\nreplace"):]},
	} {
		file, err := modfile.Parse("go.mod", []byte(before), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := setVersion(file, "v1.0.0", modules, test.published); err != nil {
			t.Fatal(err)
		}
		if got := string(modfile.Format(file.Syntax)); got != test.want {
			t.Errorf("published=%t: got\n%s\nwant\n%s", test.published, got, test.want)
		}
	}
}

func TestModulesAreBehindWhatTheyRequire(t *testing.T) {
	t.Parallel()
	a := module{path: "a"}
	b := module{path: "b", requires: []string{"a", "other"}}
	c := module{path: "c", requires: []string{"b", "a"}}
	got, err := inOrder([]module{c, b, a})
	if err != nil || len(got) != 3 || got[0].path != "a" || got[1].path != "b" || got[2].path != "c" {
		t.Errorf("order %v, error %v", got, err)
	}
	a.requires = []string{"c"}
	if got, err := inOrder([]module{a, b, c}); err == nil {
		t.Errorf("order %v of modules that require each other", got)
	}
}
