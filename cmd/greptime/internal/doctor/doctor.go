// Package doctor examines the connection to a server: each check has a finding, and a remedy if
// something is wrong and one is known.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/greptime-go/greptime"
)

// Status is the result of a check.
type Status string

// The results of checks.
const (
	OK      Status = "ok"
	Warning Status = "warning" // it works, but may not be what is wanted
	Problem Status = "problem"
	Skipped Status = "skipped" // a problem before leaves nothing to check
)

// Check is a check that was made.
type Check struct {
	Name    string `json:"name"`
	Status  Status `json:"status"`
	Finding string `json:"finding"`
	Remedy  string `json:"remedy,omitempty"`
}

// Options are the options of [Examine].
type Options struct {
	Write bool // whether to write to a table of the doctor's own, which it drops
	Pings int  // of which the latency is the median; default 11
}

// patience limits a check.
const patience = 10 * time.Second

// Examine makes all checks and calls report with each as soon as it is made. It writes nothing
// unless Options.Write is true.
func Examine(ctx context.Context, cfg *greptime.Config, o Options, report func(Check)) {
	cfg = cfg.Clone()
	cfg.Logger = slog.New(slog.DiscardHandler) // what it would warn of is a check
	e := &examination{cfg: cfg, o: o, report: report}
	for _, check := range []struct {
		name string
		run  func(context.Context) (Check, bool)
	}{
		{"settings", e.settings},
		{"network", e.network},
		{"protocol", e.protocol},
		{"user", e.user},
		{"version", e.version},
		{"database", e.database},
		{"time zone", e.timeZone},
		{"clock", e.clock},
		{"latency", e.latency},
		{"query service", e.queries},
		{"insert service", e.inserts},
		{"bulk service", e.bulk},
	} {
		e.run(ctx, check.name, check.run)
	}
	e.close()
}

// examination is what the checks share.
type examination struct {
	cfg     *greptime.Config
	o       Options
	report  func(Check)
	blocked string // the check whose problem leaves nothing to check

	connector *greptime.Connector
	conn      *greptime.Conn
	channel   *channel
}

// run makes a check. ok is false if the checks after it have nothing to check.
func (e *examination) run(ctx context.Context, name string, check func(context.Context) (c Check, ok bool)) {
	if ctx.Err() != nil {
		return
	}
	if e.blocked != "" {
		e.report(Check{Name: name, Status: Skipped, Finding: "not checked, because of the problem with the " + e.blocked})
		return
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, ok := check(limited)
	if ctx.Err() != nil {
		return // interrupted: the finding is that of the interrupt
	}
	c.Name = name
	if !ok {
		e.blocked = name
	}
	e.report(c)
}

func (e *examination) close() {
	if e.conn != nil {
		_ = e.conn.Close()
	}
	if e.connector != nil {
		_ = e.connector.Close()
	}
}

// found returns a check that found nothing wrong.
func found(format string, args ...any) Check {
	return Check{Status: OK, Finding: fmt.Sprintf(format, args...)}
}

// failed returns a check that found a problem.
func failed(remedy, format string, args ...any) Check {
	return Check{Status: Problem, Finding: fmt.Sprintf(format, args...), Remedy: remedy}
}

// warned returns a check that found something to be aware of.
func warned(remedy, format string, args ...any) Check {
	return Check{Status: Warning, Finding: fmt.Sprintf(format, args...), Remedy: remedy}
}

// text returns the text of an error without the driver's name before it.
func text(err error) string { return strings.TrimPrefix(err.Error(), "greptime: ") }

// BadSettings returns the check of settings that have an error.
func BadSettings(err error) Check {
	c := failed("correct the DSN or the file that it names", "%s", text(err))
	c.Name = "settings"
	return c
}

// settings checks the configuration, without the network.
func (e *examination) settings(context.Context) (Check, bool) {
	cfg := e.cfg
	if cfg.ConnectTimeout == 0 || cfg.ConnectTimeout > patience/2 {
		cfg.ConnectTimeout = patience / 2
	}
	e.channel = &channel{}
	cfg.DialOptions = append(cfg.DialOptions, e.channel.options()...)
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		return BadSettings(err), false
	}
	e.connector = connector
	conn, err := connector.Connect(context.Background())
	if err != nil {
		return failed("", "%s", text(err)), false
	}
	e.conn = conn.(*greptime.Conn)
	user := "without a user"
	switch {
	case cfg.Credentials != nil:
		user = "with a user that the program looks up"
	case cfg.User != "":
		user = "user " + cfg.User
	}
	c := found("%s, database %s, time zone %s, %s, TLS %s",
		strings.Join(e.endpoints(), ", "), e.conn.Database(), zoneName(cfg), user, map[bool]string{true: "on", false: "off"}[e.hasTLS()])
	if remote := slices.DeleteFunc(e.endpoints(), isLocal); !e.hasTLS() && !cfg.Password.IsZero() && len(remote) > 0 {
		c.Status, c.Remedy = Warning, "set tls=on in the DSN if the server has TLS"
		c.Finding += "; the password travels unencrypted to " + strings.Join(remote, ", ")
	}
	return c, true
}

func (e *examination) hasTLS() bool { return e.cfg.TLSEnabled || e.cfg.TLS != nil }

// endpoints returns the servers, each with its port.
func (e *examination) endpoints() []string {
	if len(e.cfg.Endpoints) == 0 {
		return greptime.NewConfig().Endpoints
	}
	var list []string
	for _, endpoint := range e.cfg.Endpoints {
		if _, _, err := net.SplitHostPort(endpoint); err != nil && !strings.HasPrefix(endpoint, unixPrefix) {
			endpoint = net.JoinHostPort(strings.Trim(endpoint, "[]"), "4001")
		}
		list = append(list, endpoint)
	}
	return list
}

func isLocal(endpoint string) bool {
	if strings.HasPrefix(endpoint, unixPrefix) {
		return true
	}
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func zoneName(cfg *greptime.Config) string {
	if cfg.TimeZone == "" {
		return greptime.NewConfig().TimeZone
	}
	return cfg.TimeZone
}

// isCode reports whether an error has one of these codes.
func isCode(err error, codes ...greptime.Code) bool {
	return slices.ContainsFunc(codes, func(code greptime.Code) bool { return errors.Is(err, code) })
}
