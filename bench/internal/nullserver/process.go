// Package nullserver is a GreptimeDB that stores nothing and computes nothing: it
// takes what is sent, counts the rows, and answers with messages that were encoded
// beforehand. It runs in a process of its own, so that its CPU time is not in the
// client's.
package nullserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"time"

	"google.golang.org/grpc"

	"github.com/greptime-go/greptime/bench/internal/rawgrpc"
)

// asServer, in the environment, makes a program the server; its value is how long that
// takes for 1,000 rows. maxStreams is its limit of streams, if it is not 0.
const (
	asServer   = "GREPTIME_BENCH_NULL_SERVER"
	maxStreams = "GREPTIME_BENCH_MAX_STREAMS"
)

var perThousand time.Duration

// work takes as long as it takes to write or read rows.
func work(rows int64) {
	if perThousand > 0 {
		time.Sleep(perThousand * time.Duration(rows) / 1000)
	}
}

// Main must be called first in the main function, or TestMain, of a program that
// calls Start. In the process that Start has started it is the server, and does not
// return.
func Main() {
	value := os.Getenv(asServer)
	if value == "" {
		return
	}
	var err error
	if perThousand, err = time.ParseDuration(value); err == nil {
		var streams uint64
		if limit := os.Getenv(maxStreams); limit != "" {
			if streams, err = strconv.ParseUint(limit, 10, 32); err != nil {
				fmt.Fprintln(os.Stderr, "null server:", err)
				os.Exit(1)
			}
		}
		debug.SetGCPercent(400) // its time is taken from the client's cores
		// The parent holds the other end of the input: the server does not outlive it.
		err = serve(os.Stdin, os.Stdout, uint32(streams))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "null server:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve writes the addresses to out, and serves until the end of in. If streams is not 0, a
// gRPC connection may have no more at a time.
func serve(in io.Reader, out io.Writer, streams uint32) error {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mysql, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer mysql.Close()
	postgres, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer postgres.Close()
	options := []grpc.ServerOption{
		// The windows that are fixed by default in hyper, on which GreptimeDB's server rests.
		// By its own default a server of grpc-go sends a ping with nearly every message.
		grpc.InitialWindowSize(1 << 20),
		grpc.InitialConnWindowSize(1 << 20),
		grpc.ForceServerCodecV2(rawgrpc.Codec{}),
		grpc.MaxRecvMsgSize(rawgrpc.MaxMessageSize), grpc.MaxSendMsgSize(rawgrpc.MaxMessageSize),
		grpc.UnknownServiceHandler(handle),
	}
	if streams > 0 {
		options = append(options, grpc.MaxConcurrentStreams(streams))
	}
	s := grpc.NewServer(options...)
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(lis) }()
	go serveEach(mysql, serveMySQL)
	go serveEach(postgres, servePostgres)
	fmt.Fprintln(out, lis.Addr(), mysql.Addr(), postgres.Addr())
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	s.Stop()
	if err := <-failed; !errors.Is(err, grpc.ErrServerStopped) { // so if it was not yet serving
		return err
	}
	return nil
}

// serveEach serves every connection that comes, until the listener is closed.
func serveEach(lis net.Listener, serve func(net.Conn) error) {
	for {
		conn, err := lis.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_ = serve(conn) // an error is the client's to notice
		}()
	}
}

// Process is a running null server.
type Process struct {
	// The addresses, host:port, of gRPC and of MySQL's and PostgreSQL's protocols.
	Addr, MySQLAddr, PostgresAddr string

	cmd   *exec.Cmd
	stdin io.Closer
}

// Start runs this program again, as a server that takes so long for 1,000 rows of a
// stream or call, one after the other.
func Start(ctx context.Context, perThousand time.Duration) (*Process, error) {
	return StartLimited(ctx, perThousand, 0)
}

// StartLimited is Start for a server that allows so many streams at a time on a gRPC
// connection, as a proxy may do. 0 means no limit.
func StartLimited(ctx context.Context, perThousand time.Duration, streams int) (*Process, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), asServer+"="+perThousand.String(), fmt.Sprint(maxStreams, "=", streams))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, stdin: stdin}
	if _, err := fmt.Fscanln(stdout, &p.Addr, &p.MySQLAddr, &p.PostgresAddr); err != nil {
		return nil, errors.Join(fmt.Errorf("null server: no address: %w", err), p.Close())
	}
	return p, nil
}

// Close ends the server.
func (p *Process) Close() error {
	if err := p.stdin.Close(); err != nil {
		return err
	}
	return p.cmd.Wait()
}
