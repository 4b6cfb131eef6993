package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/greptime-go/greptime/cmd/greptime/internal/clitest"
	"github.com/greptime-go/greptime/cmd/greptime/internal/demo"
	"github.com/greptime-go/greptime/greptimetest"
)

// asServer makes the test binary behave as the command greptimetest.
const asServer = "GREPTIME_TEST_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" && filepath.Base(os.Args[0]) == "greptimetest" {
		os.Exit(serve())
	}
	os.Exit(clitest.Main(m, run))
}

// serve does what the command greptimetest does.
func serve() int {
	s, err := greptimetest.New(greptimetest.Options{Addr: os.Args[2]})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	fmt.Printf("  DSN          %s\n", s.DSN())
	<-interrupted
	if err := s.Close(); err != nil {
		return 1
	}
	return 0
}

// weatherServer starts the server that the tests of the package share. It has the weather.
var weatherServer = sync.OnceValues(func() (*greptimetest.Server, error) {
	s, err := greptimetest.New(greptimetest.Options{})
	if err != nil {
		return nil, err
	}
	_, err = demo.LoadWeather(context.Background(), s.DSN())
	return s, err
})

// weatherDSN returns the DSN of a server that has the weather.
func weatherDSN(t *testing.T) string {
	t.Helper()
	s, err := weatherServer()
	if err != nil {
		t.Fatal(err)
	}
	return s.DSN()
}

// withoutPort replaces the address of a server, which differs each time.
func withoutPort(text string) string {
	return regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllStringFunc(text, func(address string) string {
		return "127.0.0.1:" + strings.Repeat("4", len(address)-len("127.0.0.1:"))
	})
}
