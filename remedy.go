package greptime

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/internal/transport"
)

// remedy returns the remedy for an error that grpc-go itself created, and for UPDATE.
func remedy(e *Error, call *transport.CallError) string {
	unreachable := e.GRPC == codes.Unavailable && !call.Sent
	switch {
	case call.Waited > 0:
		return noFreeStream(call.Waited)
	case e.Code == Unsupported && e.Message == unknownStatement+"UPDATE":
		return "GreptimeDB has no UPDATE: insert the whole row, which replaces the row with the same tags and time"
	case e.Code != 0, errors.Is(e.cause, ErrClosed):
		return ""
	case unreachable && call.Answered && !strings.Contains(e.Message, "authentication handshake failed"):
		return "GreptimeDB has answered there before: it has ended or is starting again, or the network to it is down"
	case unreachable && isConnectTimeout(e.Message):
		return "there was no connection within connect_timeout: the host does not answer"
	}
	for _, r := range remedies {
		if e.GRPC == r.code && strings.Contains(e.Message, r.text) {
			return r.remedy
		}
	}
	if unreachable && containsAny(e.Message, disconnects) || containsAny(e.Message, httpAnswers) {
		return otherPort(e.Endpoint)
	}
	return ""
}

// disconnects are parts of messages about a server that answered HTTP/2 with something else, or
// closed the connection without an answer.
var disconnects = []string{
	"error reading server preface", "failed to write client preface", "initial http2 frame from server is not a settings frame",
	"EOF", "connection reset by peer", "broken pipe", "forcibly closed by the remote host", "aborted by the software in your host machine",
}

// httpAnswers are parts of messages about a server that speaks HTTP, but not gRPC.
var httpAnswers = []string{"unexpected HTTP status code received from server", "received unexpected content-type"}

func containsAny(text string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

// noFreeStream explains why a call timed out that had a connection, but no stream on it.
func noFreeStream(open int64) string {
	return fmt.Sprintf("the connection had no free stream: %d calls were open on it, and the server, or a proxy before it, allows no more at a time; "+
		"close Rows and other results as soon as they are read, open fewer at a time (db.SetMaxOpenConns), raise the proxy's limit, or set connections in the DSN for more than one connection", open)
}

// otherPort returns the remedy for a port without gRPC.
func otherPort(endpoint string) string {
	const meant = "the driver needs the gRPC port, which is 4001 by default"
	_, port, _ := net.SplitHostPort(endpoint)
	switch port {
	case "4000":
		return "4000 is GreptimeDB's default port for HTTP; " + meant
	case "4002":
		return "4002 is GreptimeDB's default port for MySQL; " + meant
	case "4003":
		return "4003 is GreptimeDB's default port for PostgreSQL; " + meant
	}
	return "no gRPC there: GreptimeDB has a port for each protocol, by default 4000 for HTTP, 4001 for gRPC, 4002 for MySQL and 4003 for PostgreSQL, and " +
		meant + "; if the port is right, set tls=on if it has TLS, and tls=off if not; a server with TLS may also have refused the client's certificate, or the lack of one (tls_cert, tls_key)"
}

// isConnectTimeout reports whether grpc-go gave up an attempt to connect. After
// connect_timeout it closes the connection while it waits for an answer.
func isConnectTimeout(message string) bool {
	for _, waiting := range [][2]string{
		{"Error while dialing", "i/o timeout"},
		{"authentication handshake failed", "context deadline exceeded"},
		{"error reading server preface", "use of closed network connection"},
	} {
		if strings.Contains(message, waiting[0]) && strings.Contains(message, waiting[1]) {
			return true
		}
	}
	return false
}

// refusedCertificate is the remedy for the TLS alerts about the client's certificate.
const refusedCertificate = "the server refuses the client's certificate: set tls_cert and tls_key to a valid one of an authority that the server trusts"

var remedies = []struct {
	code         codes.Code
	text, remedy string
}{
	{codes.Unavailable, "first record does not look like a TLS handshake", "the server speaks plaintext there: set tls=off, or use the port that has TLS"},
	{codes.Unavailable, "unknown authority", "set tls_ca to the authority's certificate"},
	{codes.Unavailable, "cannot validate certificate for", "name a host that the certificate is for with tls_server_name"},
	{codes.Unavailable, "certificate is valid for", "name a host that the certificate is for with tls_server_name"},
	{codes.Unavailable, "certificate has expired or is not yet valid", "renew the server's certificate, or correct this machine's clock"},
	{codes.Unavailable, "protocol version", "the driver needs TLS 1.2 or later: let the server, or the proxy before it, offer that"},
	{codes.Unavailable, "certificate required", "the server requires a client certificate: set tls_cert and tls_key"},
	{codes.Unavailable, "remote error: tls: unknown certificate authority", refusedCertificate},
	{codes.Unavailable, "remote error: tls: expired certificate", refusedCertificate},
	{codes.Unavailable, "remote error: tls: revoked certificate", refusedCertificate},
	{codes.Unavailable, "remote error: tls: unsupported certificate", refusedCertificate},
	{codes.Unavailable, "remote error: tls: bad certificate", refusedCertificate},
	{codes.Unavailable, "too_many_pings", "a proxy allows fewer pings than the driver sends: set a longer keepalive, such as keepalive=5m, or keepalive=0 for none, or allow more pings in the proxy"},
	{codes.Unavailable, "unexpected HTTP status code received from server: 50", "a proxy answered in place of the server, which it cannot reach"},
	{codes.Unavailable, "connection refused", "check that GreptimeDB runs there and that the port is its gRPC port (4001 by default)"},
	{codes.Unavailable, "produced zero addresses", "check the host's name"},
	{codes.Unavailable, "no such host", "check the host's name"},
	{codes.ResourceExhausted, "larger than max", "raise max_message_size"},
}
