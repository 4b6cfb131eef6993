// Package greptimetest is a server that speaks GreptimeDB's gRPC and Arrow Flight
// protocol. It runs on DuckDB within your process: for tests, and for a laptop without a
// GreptimeDB.
//
//	s := greptimetest.Start(t)
//	db, err := sql.Open("greptime", s.DSN())
//
// The server is exact on the wire: its messages, types, metadata, error codes,
// authentication and time zones are those of GreptimeDB 1.1.4, or of 1.0.2 if you choose
// it in Options. The tests of this module compare the server with recordings of both
// versions.
//
// The server executes SQL only where DuckDB, or the code of this module, gives the same
// result as GreptimeDB. Anything unsupported fails with error 1001, which names the
// feature; the module's README lists what is supported, and the few cases
// in which a result differs.
//
// A Server is safe for concurrent use. Several servers may run in one process. They share
// nothing; in particular, only one of them can open a data directory.
package greptimetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/greptimetest/internal/engine"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/internal/flight"
)

// Server is a running server.
type Server struct {
	opts    Options
	version schema.Version
	engine  *engine.Engine
	grpc    *grpc.Server
	lis     net.Listener
	faults  faults
	served  chan error
	once    sync.Once
	err     error // result of Close
}

// maxMessage is GreptimeDB's limit for messages in both directions.
const maxMessage = 512 << 20

// Start starts a server for a test and stops it when the test ends. You can pass at most
// one Options.
func Start(t testing.TB, opts ...Options) *Server {
	t.Helper()
	if len(opts) > 1 {
		t.Fatal("greptimetest.Start accepts at most one Options")
	}
	var o Options
	if len(opts) == 1 {
		o = opts[0]
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("greptimetest: close: %v", err)
		}
	})
	return s
}

// New starts a server. Call Close to stop it.
func New(o Options) (*Server, error) {
	if err := checkUsers(o.Users); err != nil {
		return nil, err
	}
	version, err := o.version()
	if err != nil {
		return nil, fmt.Errorf("greptimetest: %w", err)
	}
	e, err := engine.Open(o.Dir, version)
	if err != nil {
		return nil, fmt.Errorf("greptimetest: %w", err)
	}
	lis, err := net.Listen("tcp", o.addr())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("greptimetest: %w", err), e.Close())
	}
	s := &Server{opts: o, version: version, engine: e, served: make(chan error, 1)}
	s.lis = s.faults.listener(lis)
	s.grpc = grpc.NewServer(s.serverOptions()...)
	v1.RegisterGreptimeDatabaseServer(s.grpc, &databaseService{s: s})
	v1.RegisterHealthCheckServer(s.grpc, healthService{})
	v1.RegisterPrometheusGatewayServer(s.grpc, &promService{s: s})
	s.grpc.RegisterService(&flightServiceDesc, &flightService{s: s})
	go func() { s.served <- s.grpc.Serve(s.lis) }()
	return s, nil
}

// batchSize returns the greatest number of rows in a record batch.
func (s *Server) batchSize() int {
	switch {
	case s.opts.BatchSize > 0:
		return s.opts.BatchSize
	case s.version < schema.V1_1_4:
		return 1024
	}
	return 8192
}

func (s *Server) serverOptions() []grpc.ServerOption {
	opts := []grpc.ServerOption{
		grpc.ForceServerCodecV2(flight.Codec{}),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxSendMsgSize(maxMessage),
		grpc.WaitForHandlers(true), // the engine is closed after the last handler
		// GreptimeDB does not limit the pings of its clients.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
		grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return status.Error(codes.Unimplemented, "") }),
		grpc.ChainUnaryInterceptor(s.unary),
		grpc.ChainStreamInterceptor(s.stream),
	}
	if s.opts.TLS != nil {
		opts = append(opts, grpc.Creds(credentials.NewTLS(s.opts.TLS)))
	}
	return opts
}

// Addr returns the address that the server listens on, host:port.
func (s *Server) Addr() string { return s.lis.Addr().String() }

// DSN returns a data source name for the server's database public, with the first of the
// Users if there are any. params are added unchanged: DSN("timezone=Asia/Tokyo").
func (s *Server) DSN(params ...string) string {
	u := url.URL{Scheme: "greptime", Host: s.Addr(), Path: "/public"}
	if len(s.opts.Users) > 0 {
		u.User = url.UserPassword(s.opts.Users[0].Name, s.opts.Users[0].Password)
	}
	dsn := u.String()
	if s.opts.TLS != nil {
		params = append([]string{"tls=on"}, params...)
	}
	for i, p := range params {
		dsn += string("?&"[min(i, 1)]) + p
	}
	return dsn
}

// Close stops the server without waiting for clients. Running calls end with Unavailable;
// writes that are being executed are finished first. Data in a directory is kept.
func (s *Server) Close() error {
	s.once.Do(func() {
		s.grpc.Stop()
		s.err = errors.Join(ended(<-s.served), s.engine.Close())
	})
	return s.err
}

// Shutdown stops the server when all running calls have ended, or when the context is done.
func (s *Server) Shutdown(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		s.grpc.GracefulStop()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.grpc.Stop()
		<-done
	}
	return s.Close()
}

// Crash has the effect of kill -9 and a restart of GreptimeDB: all connections end, and
// acknowledged rows that were neither logged nor flushed are lost. Version 1.1.4 has such
// rows: those of DoPut batches that lacked a column of their table, since the table's last
// ADMIN flush_table or change of columns. Version 1.0.2 refuses such batches and loses
// nothing.
func (s *Server) Crash() error {
	s.faults.hangUp()
	if err := s.engine.Crash(context.Background()); err != nil {
		return fmt.Errorf("greptimetest: crash: %w", err)
	}
	return nil
}

func ended(err error) error {
	if errors.Is(err, grpc.ErrServerStopped) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
