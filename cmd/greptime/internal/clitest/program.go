package clitest

import (
	"os"
	"os/exec"
	"testing"
)

// programVariable tells a test binary to run the program in place of its tests.
const programVariable = "GREPTIME_CLITEST_PROGRAM"

// Main runs the tests of a package and returns their exit status. In a process that [Program]
// describes it calls run, which runs the program with os.Args, and returns its exit status.
func Main(m *testing.M, run func() int) int {
	if os.Getenv(programVariable) != "" {
		os.Unsetenv(programVariable)
		return run()
	}
	return m.Run()
}

// Program returns a command that runs the program with these arguments. The program is the test
// binary itself, whose TestMain must call [Main].
func Program(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), programVariable+"=1")
	return cmd
}
