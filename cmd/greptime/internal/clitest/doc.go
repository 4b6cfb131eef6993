// Package clitest runs the client in a pseudo-terminal, types keys and reads the screen, for tests.
//
// The test's TestMain calls [Main], which lets the test binary stand in for the program:
//
//	func TestMain(m *testing.M) { os.Exit(clitest.Main(m, run)) }
//
//	func TestPrompt(t *testing.T) {
//		term := clitest.Start(t, clitest.Program("--dsn", dsn), clitest.Options{Width: 80})
//		term.WaitFor("public>")
//		term.Type("SELECT 1;")
//		term.Press(clitest.Enter)
//		term.WaitFor("1 row")
//		clitest.Golden(t, "select_80.txt", term.Screen().Text())
//		term.Press(clitest.CtrlD)
//		if status := term.Wait(); status != 0 {
//			t.Errorf("exit status %d", status)
//		}
//	}
//
// Nothing here sleeps: [Terminal.WaitFor] looks at the screen each time the program has written.
package clitest
