package transport

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// address is the address of an endpoint in the forms that gRPC needs.
type address struct {
	text      string
	socket    string // of a Unix socket
	literal   bool   // no name needs resolving
	authority string // replaces the host in requests and certificates; empty for the text itself
}

// parseAddress reads host:port, [IPv6%zone]:port or unix:path.
func parseAddress(text string) address {
	a := address{text: text}
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		a.socket, a.literal, a.authority = path, true, "localhost"
		return a
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return a
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return a
	}
	a.literal = true
	if ip.Zone() != "" {
		// A zone is meaningful only on this host, and certificates have none.
		a.authority = net.JoinHostPort(ip.WithZone("").String(), port)
	}
	return a
}

// target returns the address for grpc.NewClient. A user's dialer receives names unresolved.
// Literal addresses need no resolver.
func (a address) target(dialer bool) string {
	if dialer || a.literal {
		return "passthrough:///" + url.PathEscape(a.text)
	}
	return "dns:///" + a.text
}
