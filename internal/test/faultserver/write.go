package faultserver

import (
	"fmt"
	"slices"

	"github.com/greptime-go/greptime/internal/test/wiretest"
	"github.com/greptime-go/greptime/internal/test/writemodel"
)

// way is the way in which a write reaches the server.
type way uint8

const (
	native   way = 1 << iota // rows of Handle and HandleRequests
	text                     // INSERT … VALUES
	selected                 // INSERT … SELECT
	deletion                 // DELETE … WHERE
	put                      // a batch of DoPut
)

// write is a request to write rows.
type write struct {
	way     way
	rows    []writemodel.Row
	tables  int
	regions int    // of all the tables together
	stale   string // the error of a region whose columns are not those of the request
	later   bool   // the call has written before
	more    bool   // the call may write more before it is answered
}

// String describes the write for the journal.
func (w *write) String() string {
	what := map[way]string{native: "a native write", text: "INSERT VALUES", selected: "INSERT SELECT", deletion: "DELETE", put: "a batch"}[w.way]
	return fmt.Sprintf("%s of %d rows in %d tables and %d regions", what, len(w.rows), w.tables, w.regions)
}

// ending is the end of a call that writes.
type ending struct {
	name     string
	answered bool                       // the server acknowledges the write before
	end      func(*wiretest.Call) error // nil: OK
}

// carryOut executes a write or a part of it, and returns the ending of the call.
func (s *Server) carryOut(w *write) ending {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	e, open := s.decide(w)
	var done []writemodel.Row
	switch {
	case e.answered:
		done = w.rows
	case open:
		done = s.subset(w.rows)
	}
	s.model.Store(done...)
	s.model.Note("request %d: %s: carries out %s, then %s", s.requests, w, writemodel.Describe(done), e.name)
	return e
}

// decide draws the ending of a write, and whether any part of it may be executed before.
func (s *Server) decide(w *write) (e ending, open bool) {
	switch {
	case w.stale != "":
		s.stale++
		if w.way == put {
			return contentless.ending(), false
		}
		a := answer{code: invalidArgument, errCode: 1004, message: region + w.stale, proof: ofRegion}
		return a.ending(), !a.proves(w)
	case !s.chance(s.faults):
		return ending{name: "OK", answered: true}, true
	}
	e, open = s.draw(w)
	if open && !w.more && s.chance(0.1) {
		e.name, e.answered = "the answer, and "+e.name, true
	}
	return e, open
}

// subset draws parts of a write, in the order in which they are executed.
func (s *Server) subset(rows []writemodel.Row) []writemodel.Row {
	partOf := []func(writemodel.Row) writemodel.Row{
		func(r writemodel.Row) writemodel.Row { return writemodel.Row{Table: r.Table} },               // tables
		func(r writemodel.Row) writemodel.Row { return writemodel.Row{Table: r.Table, ID: r.ID % 3} }, // regions
		func(r writemodel.Row) writemodel.Row { return writemodel.Row{Table: r.Table, ID: r.ID % 9} }, // time partitions of regions
		func(r writemodel.Row) writemodel.Row { return r },
	}[s.rand.IntN(4)]
	var parts [][]writemodel.Row
	place := map[writemodel.Row]int{}
	for _, r := range rows {
		i, ok := place[partOf(r)]
		if !ok {
			i = len(parts)
			place[partOf(r)] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], r)
	}
	s.rand.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return slices.Concat(parts[:s.rand.IntN(len(parts)+1)]...)
}
