package main

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"

	"github.com/greptime-go/greptime"
)

// frontends are three endpoints that lead to one server, and that can be stopped.
type frontends struct {
	server *greptime.Config
	names  []string

	mu      sync.Mutex
	stopped map[string]bool
	conns   map[string][]net.Conn
}

func newFrontends(server *greptime.Config) *frontends {
	return &frontends{
		server:  server,
		names:   []string{"frontend-1:4001", "frontend-2:4001", "frontend-3:4001"},
		stopped: map[string]bool{},
		conns:   map[string][]net.Conn{},
	}
}

// config returns the server's settings with the three endpoints in place of its own.
func (f *frontends) config() *greptime.Config {
	cfg := f.server.Clone()
	cfg.Endpoints, cfg.Balance, cfg.Dialer = f.names, "round_robin", f.dial
	if host, _, err := net.SplitHostPort(f.server.Endpoints[0]); err == nil && cfg.TLSEnabled && cfg.TLSServerName == "" {
		cfg.TLSServerName = host // its certificate is not one for frontend-1
	}
	return cfg
}

func (f *frontends) dial(ctx context.Context, name string) (net.Conn, error) {
	f.mu.Lock()
	stopped := f.stopped[name]
	f.mu.Unlock()
	if stopped {
		return nil, errors.New("connection refused")
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", f.server.Endpoints[0])
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conns[name] = append(f.conns[name], conn)
	return conn, nil
}

// stop breaks the connections of an endpoint, and it accepts no new ones.
func (f *frontends) stop(i int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped[f.names[i]] = true
	for _, conn := range f.conns[f.names[i]] {
		conn.Close()
	}
	delete(f.conns, f.names[i])
}

func (f *frontends) start(i int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped[f.names[i]] = false
}

// connected returns the endpoints that have a connection.
func (f *frontends) connected() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []string
	for name := range f.conns {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
