package dsn

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	errEndpointEmpty    = errors.New("is empty; write host:port")
	errEndpointHost     = errors.New("is not host:port; a host has only letters, digits, '.', '-' and '_'")
	errEndpointBrackets = errors.New("is not host:port; an IPv6 address is written in brackets, as in [::1]:4001")
	errEndpointSocket   = errors.New("is not a Unix socket; write unix: and its path, as in unix:/run/greptime.sock, or unix:%2Frun%2Fgreptime.sock in a DSN")
	errEndpointPort     = errors.New("has no valid port; write a number from 1 to 65535 after the colon, or omit both")
)

// DefaultPort is the port that GreptimeDB binds for gRPC.
const DefaultPort = "4001"

// UnixPrefix is the prefix of the endpoint of a Unix socket.
const UnixPrefix = "unix:"

// ParseEndpoint reads host, host:port, [IPv6], [IPv6]:port or unix:path. It returns the endpoint
// with its port, and an IPv6 address in its shortest form. Errors do not quote the text, because in
// a DSN with an unescaped character part of the password may be in it.
func ParseEndpoint(text string) (string, error) {
	if text == "" {
		return "", errEndpointEmpty
	}
	if path, ok := strings.CutPrefix(text, UnixPrefix); ok && !isPort(path) {
		return parseSocket(path)
	}
	host, port, hasPort := text, "", false
	if inner, ok := strings.CutPrefix(text, "["); ok {
		address, rest, closed := strings.Cut(inner, "]")
		ip, err := netip.ParseAddr(address)
		if !closed || err != nil || !ip.Is6() || strings.ContainsFunc(ip.Zone(), notHostRune) {
			return "", errEndpointBrackets
		}
		host = ip.String()
		if port, hasPort = strings.CutPrefix(rest, ":"); !hasPort && rest != "" {
			return "", errEndpointBrackets
		}
	} else {
		if strings.Count(text, ":") > 1 {
			return "", errEndpointBrackets
		}
		host, port, hasPort = strings.Cut(text, ":")
		if host == "" || strings.ContainsFunc(host, notHostRune) {
			return "", errEndpointHost
		}
	}
	if !hasPort {
		return net.JoinHostPort(host, DefaultPort), nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return "", errEndpointPort
	}
	return net.JoinHostPort(host, strconv.FormatUint(number, 10)), nil
}

// parseSocket returns the endpoint of a socket's path, which in gRPC is written unix:path or
// unix:///path.
func parseSocket(path string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "//"); ok && strings.HasPrefix(rest, "/") {
		path = rest
	}
	if path == "" || path == "@" || strings.HasPrefix(path, "//") || strings.ContainsFunc(path, notPathRune) {
		return "", errEndpointSocket
	}
	return UnixPrefix + path, nil
}

// notPathRune reports whether r makes a path unreadable in messages, or unlikely to be intended.
func notPathRune(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }

// isPort reports whether the text after unix: is a port, so that unix is the name of a host.
func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

func notHostRune(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
		r == '.' || r == '-' || r == '_')
}
