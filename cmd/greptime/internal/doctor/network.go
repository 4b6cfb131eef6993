package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

const unixPrefix = "unix:"

// network checks that something accepts connections at each endpoint.
func (e *examination) network(ctx context.Context) (Check, bool) {
	var reached, unreached, remedies []string
	for _, endpoint := range e.endpoints() {
		started := time.Now()
		conn, err := e.dial(ctx, endpoint)
		if err != nil {
			finding, remedy := explainDial(endpoint, err)
			unreached = append(unreached, finding)
			remedies = append(remedies, remedy)
			continue
		}
		took := time.Since(started)
		at := endpoint
		if remote := conn.RemoteAddr().String(); remote != endpoint && remote != "" && !strings.HasPrefix(endpoint, unixPrefix) {
			at += " (" + remote + ")"
		}
		conn.Close()
		reached = append(reached, fmt.Sprintf("%s accepts connections, after %s", at, round(took)))
	}
	all := strings.Join(append(reached, unreached...), "; ")
	switch {
	case len(unreached) == 0:
		return found("%s", all), true
	case len(reached) == 0:
		return failed(strings.Join(remedies, "; "), "%s", all), false
	}
	return warned(strings.Join(remedies, "; "), "%s", all), true
}

// dial opens a connection to an endpoint, as the driver does.
func (e *examination) dial(ctx context.Context, endpoint string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.ConnectTimeout)
	defer cancel()
	if e.cfg.Dialer != nil {
		return e.cfg.Dialer(ctx, endpoint)
	}
	var d net.Dialer
	if path, ok := strings.CutPrefix(endpoint, unixPrefix); ok {
		return d.DialContext(ctx, "unix", path)
	}
	return d.DialContext(ctx, "tcp", endpoint)
}

// explainDial returns a finding and a remedy for an error of dial.
func explainDial(endpoint string, err error) (finding, remedy string) {
	var lookup *net.DNSError
	host, port, _ := net.SplitHostPort(endpoint)
	switch {
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return fmt.Sprintf("the host %s is not known", host), "check the host's name, and that this machine's name server knows it"
	case errors.As(err, &lookup):
		return fmt.Sprintf("the address of %s could not be found: %v", host, lookup.Err), "check this machine's name server"
	case errors.Is(err, syscall.ECONNREFUSED):
		return endpoint + " refuses connections", fmt.Sprintf("start GreptimeDB there, or name its gRPC port in place of %s; it listens on 127.0.0.1 only unless its option --rpc-bind-addr is set", port)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return endpoint + " does not answer", "check the address, and the firewalls between here and there"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return endpoint + " cannot be reached from this network", "check the address and this machine's network, such as its VPN"
	case errors.Is(err, os.ErrNotExist):
		return fmt.Sprintf("the socket %s does not exist", strings.TrimPrefix(endpoint, unixPrefix)), "start GreptimeDB, or correct the path"
	case errors.Is(err, os.ErrPermission):
		return fmt.Sprintf("the socket %s may not be opened", strings.TrimPrefix(endpoint, unixPrefix)), "change the permissions of the socket, or the user who runs this"
	}
	return fmt.Sprintf("%s: %v", endpoint, err), "check the address"
}

// round returns a duration with at most three digits.
func round(d time.Duration) time.Duration {
	switch {
	case d > 10*time.Second:
		return d.Round(100 * time.Millisecond)
	case d > time.Second:
		return d.Round(10 * time.Millisecond)
	case d > 10*time.Millisecond:
		return d.Round(100 * time.Microsecond)
	case d > time.Millisecond:
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(time.Microsecond)
}
