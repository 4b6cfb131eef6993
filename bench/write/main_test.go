package main

import (
	"os"
	"testing"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/measure/measuretest"
	"github.com/greptime-go/greptime/bench/internal/nullserver"
)

func TestMain(m *testing.M) {
	nullserver.Main()
	os.Exit(m.Run())
}

func TestEveryScenarioRuns(t *testing.T) {
	server, err := nullserver.Start(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	measuretest.RunAll(t, scenarios(server.Addr, server.Addr, 200_000, data.BatchRows))
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}
