package transport

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// address is an endpoint's address, for gRPC.
type address struct {
	text      string
	socket    string // of a Unix socket
	literal   bool   // there is no name to be resolved
	authority string // what stands for the host in requests and certificates; empty for the text
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
		// A zone has a meaning on this host only, and no certificate has one.
		a.authority = net.JoinHostPort(ip.WithZone("").String(), port)
	}
	return a
}

// target returns the address for grpc.NewClient. A dialer of the user's is given names as
// they are; literal addresses have no use for a resolver.
func (a address) target(dialer bool) string {
	if dialer || a.literal {
		return "passthrough:///" + url.PathEscape(a.text)
	}
	return "dns:///" + a.text
}
