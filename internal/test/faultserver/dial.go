package faultserver

import (
	"context"
	"net"
)

// Dial connects, from the address that it connects to, so that the many connections of a test
// take no ports of 127.0.0.1 either. It is for Config.Dialer.
func Dial(ctx context.Context, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
	return dialer.DialContext(ctx, "tcp", addr)
}
