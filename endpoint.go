package greptime

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

var (
	errEndpointEmpty    = errors.New("is empty; write host:port")
	errEndpointHost     = errors.New("is not host:port; a host has only letters, digits, '.', '-' and '_'")
	errEndpointBrackets = errors.New("is not host:port; an IPv6 address is written in brackets, as in [::1]:4001")
	errEndpointPort     = errors.New("has no valid port; write a number from 1 to 65535 after the colon, or neither")
)

// parseEndpoint reads host, host:port, [IPv6] or [IPv6]:port, and returns it with its port and an
// IPv6 address in its shortest form. Errors do not repeat the text (see Config.check).
func parseEndpoint(text string) (string, error) {
	if text == "" {
		return "", errEndpointEmpty
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
		return net.JoinHostPort(host, defaultPort), nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return "", errEndpointPort
	}
	return net.JoinHostPort(host, strconv.FormatUint(number, 10)), nil
}

func notHostRune(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
		r == '.' || r == '-' || r == '_')
}
