package doctor

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"time"
)

// speech is what a server speaks.
type speech struct {
	name string               // such as MySQL; empty if it is not known
	tls  *tls.ConnectionState // of a server that speaks TLS
}

// The names of what servers speak.
const (
	speaksGRPC       = "gRPC"
	speaksHTTP       = "HTTP" // HTTP/1 only
	speaksBothHTTP   = "HTTP/1 and HTTP/2"
	speaksMySQL      = "MySQL"
	speaksPostgreSQL = "PostgreSQL"
	speaksTLS        = "TLS"
	speaksSSH        = "SSH"
)

// greetingPatience is how long probe waits for a greeting, which most servers do not send.
const greetingPatience = 300 * time.Millisecond

// probe finds out what a server speaks. It opens a connection for each guess, and waits for each
// answer for no longer than patience.
func probe(ctx context.Context, dial func(context.Context) (net.Conn, error), serverName string, patience time.Duration) speech {
	ask := func(question []byte, n int, wait time.Duration) []byte {
		conn, err := dial(ctx)
		if err != nil {
			return nil
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(wait))
		if _, err := conn.Write(question); err != nil {
			return nil
		}
		answer := make([]byte, n)
		got, _ := io.ReadAtLeast(conn, answer, n) // some of it may be enough
		return answer[:got]
	}
	greeting := ask(nil, 5, min(greetingPatience, patience))
	switch {
	case len(greeting) == 5 && greeting[3] == 0 && (greeting[4] == 10 || greeting[4] == 0xff): // a handshake or an error, as the first packet
		return speech{name: speaksMySQL}
	case bytes.HasPrefix(greeting, []byte("SSH-")):
		return speech{name: speaksSSH}
	case isSettings(greeting):
		return speech{name: speaksGRPC}
	}
	if state := handshake(ctx, dial, serverName, patience); state != nil {
		return speech{name: speaksTLS, tls: state}
	}
	// The preface of HTTP/2, and settings without any entry.
	answer := ask([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"), 9, patience)
	isHTTP1 := func() bool {
		return bytes.HasPrefix(ask([]byte("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), 7, patience), []byte("HTTP/1."))
	}
	switch {
	case isSettings(answer) && isHTTP1(): // GreptimeDB's gRPC port speaks HTTP/2 only; a proxy before it may speak both
		return speech{name: speaksBothHTTP}
	case isSettings(answer):
		return speech{name: speaksGRPC}
	case bytes.HasPrefix(answer, []byte("HTTP/1")):
		return speech{name: speaksHTTP}
	}
	if answer := ask([]byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}, 1, patience); len(answer) == 1 && strings.Contains("SN", string(answer)) { // whether it has TLS
		return speech{name: speaksPostgreSQL}
	}
	if isHTTP1() {
		return speech{name: speaksHTTP}
	}
	return speech{}
}

// isSettings reports whether bytes begin a frame of HTTP/2 with settings, of at most the length
// that every client accepts.
func isSettings(b []byte) bool {
	return len(b) >= 5 && b[3] == 4 && b[0] == 0 && binary.BigEndian.Uint16(b[1:]) <= 1<<14
}

// handshake returns what a server tells of itself by TLS, or nil if it does not speak TLS. It
// verifies nothing.
func handshake(ctx context.Context, dial func(context.Context) (net.Conn, error), serverName string, patience time.Duration) *tls.ConnectionState {
	conn, err := dial(ctx)
	if err != nil {
		return nil
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	client := tls.Client(conn, &tls.Config{ServerName: serverName, InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err := client.HandshakeContext(ctx); err != nil {
		var alert tls.AlertError
		if asAlert(err, &alert) {
			return &tls.ConnectionState{}
		}
		return nil
	}
	state := client.ConnectionState()
	return &state
}
