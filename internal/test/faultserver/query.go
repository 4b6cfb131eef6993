package faultserver

import (
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

var (
	selectOne     = regexp.MustCompile(`^SELECT 1$`)
	selectNothing = regexp.MustCompile(`(?i)^SELECT \* FROM (\S+) LIMIT 0$`)
	describe      = regexp.MustCompile(`(?i)^DESC TABLE (\S+)$`)
	countRegions  = regexp.MustCompile(`(?is)^SELECT count\(\*\).* FROM information_schema\.partitions WHERE .*table_name = '([^']*)'`)
	flushTable    = regexp.MustCompile(`(?i)^ADMIN flush_table\('([^']*)'\)$`)
)

// query answers what is asked about a table, and the query of Ping, or fails before or after
// that.
func (s *Server) query(c *wiretest.Call, sql string) error {
	if m := selectNumbers.FindStringSubmatch(sql); m != nil {
		return s.readNumbers(c, m[1])
	}
	s.mu.Lock()
	var e ending
	if s.chance(s.faults / 4) {
		e, _ = s.draw(&write{way: deletion})
		e.answered = s.chance(0.3)
		s.model.Note("query %s: answered %v, %s", sql, e.answered, e.name)
	}
	s.mu.Unlock()
	if e.end == nil {
		return s.answerQuery(c, sql)
	}
	if e.answered {
		if err := s.answerQuery(c, sql); err != nil {
			return err
		}
	}
	return e.end(c)
}

func (s *Server) answerQuery(c *wiretest.Call, sql string) error {
	if selectOne.MatchString(sql) {
		return answerCount(c, 1)
	}
	for _, q := range []struct {
		text   *regexp.Regexp
		answer func(*wiretest.Call, *table) error
	}{
		{selectNothing, answerSelectNothing},
		{describe, answerDescribe},
		{countRegions, answerCountRegions},
		{flushTable, answerFlushTable},
	} {
		m := q.text.FindStringSubmatch(sql)
		if m == nil {
			continue
		}
		name := strings.Trim(m[1], `"`)
		if t := s.table(name); t != nil {
			return q.answer(c, t)
		}
		return c.Fail(codes.NotFound, "Table not found: greptime.public."+name, 4001)
	}
	s.model.Note("query %s: not understood", sql)
	return c.Fail(codes.Internal, fmt.Sprintf("faultserver: does not know the statement %.200q", sql), 3000)
}

func answerSelectNothing(c *wiretest.Call, t *table) error {
	known, err := catalog.NewTable(t.name, t.columns)
	if err != nil {
		return err
	}
	return c.SendFlight(wiretest.SchemaMessage(known.Arrow()), wiretest.MetricsMessage())
}

func answerDescribe(c *wiretest.Call, t *table) error {
	messages, err := wiretest.DescribeMessages(t.columns)
	if err != nil {
		return err
	}
	return c.SendFlight(messages...)
}

func answerFlushTable(c *wiretest.Call, _ *table) error { return answerCount(c, 0) }

func answerCountRegions(c *wiretest.Call, t *table) error { return answerCount(c, t.regions) }

func answerCount(c *wiretest.Call, n int) error {
	messages, err := wiretest.CountMessages(int64(n))
	if err != nil {
		return err
	}
	return c.SendFlight(messages...)
}
