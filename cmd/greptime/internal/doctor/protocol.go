package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime"
)

// probePatience is how long the doctor waits for each answer when it looks for what a server speaks.
const probePatience = 2 * time.Second

// expirySoon is how long before the end of a certificate doctor warns of it.
const expirySoon = 30 * 24 * time.Hour

// protocol checks that the server speaks gRPC, with TLS or without as the settings say, and that it
// is GreptimeDB.
func (e *examination) protocol(ctx context.Context) (Check, bool) {
	err := e.conn.Ping(ctx)
	var answered *greptime.Error
	switch {
	case err == nil, errors.As(err, &answered) && answered.Code != 0 && answered.GRPC != codes.Unavailable:
		return e.channelCheck(ctx), true // a refusal is an answer, too; the next checks explain it
	case isCode(err, greptime.DatabaseNotFound):
		return e.channelCheck(ctx), true
	}
	endpoint := e.endpoints()[0]
	if errors.As(err, &answered) && answered.Endpoint != "" {
		endpoint = answered.Endpoint
	}
	host, _, _ := net.SplitHostPort(endpoint)
	if e.cfg.TLSServerName != "" {
		host = e.cfg.TLSServerName
	}
	s := probe(ctx, func(ctx context.Context) (net.Conn, error) { return e.dial(ctx, endpoint) }, host, min(e.cfg.ConnectTimeout, probePatience))
	return e.explain(endpoint, host, s, err), false
}

// channelCheck returns the check of a server that answers. It asks for its health, which
// GreptimeDB tells everyone.
func (e *examination) channelCheck(ctx context.Context) Check {
	err := e.channel.health(ctx)
	tlsText := "without TLS"
	if state := e.channel.tlsState(); state != nil {
		tlsText = tls.VersionName(state.Version)
	}
	if err != nil {
		return warned("check that the address is GreptimeDB's, and not that of another service or a proxy",
			"gRPC, %s; the server does not answer GreptimeDB's health check: %s", tlsText, status.Convert(err).Message())
	}
	c := found("gRPC, %s; GreptimeDB's health check answers", tlsText)
	if state := e.channel.tlsState(); state != nil && len(state.PeerCertificates) > 0 {
		leaf := state.PeerCertificates[0]
		c.Finding += fmt.Sprintf("; its certificate, for %s, is valid until %s", namesOf(leaf), leaf.NotAfter.Format(time.DateOnly))
		if time.Until(leaf.NotAfter) < expirySoon {
			c.Status, c.Remedy = Warning, "renew the server's certificate"
		}
	}
	return c
}

// explain returns the check of a server with which the driver cannot speak.
func (e *examination) explain(endpoint, host string, s speech, err error) Check {
	_, port, _ := net.SplitHostPort(endpoint)
	const ports = "GreptimeDB's gRPC port is 4001 by default"
	switch s.name {
	case speaksMySQL, speaksPostgreSQL, speaksSSH:
		return failed(fmt.Sprintf("name GreptimeDB's gRPC port in place of %s: %s", port, ports), "%s speaks %s, and not gRPC", endpoint, s.name)
	case speaksHTTP:
		return failed(fmt.Sprintf("name GreptimeDB's gRPC port in place of %s: %s, and 4000 is for HTTP", port, ports), "%s speaks HTTP, and not gRPC", endpoint)
	case speaksBothHTTP:
		return failed(fmt.Sprintf("name GreptimeDB's gRPC port in place of %s: %s, and 4000 is for HTTP; or, if this is a proxy, see its log", port, ports),
			"%s speaks %s, as GreptimeDB's HTTP port and proxies do, and the request failed: %s", endpoint, s.name, text(err))
	case speaksTLS:
		if !e.hasTLS() {
			return failed("set tls=on in the DSN", "%s speaks TLS, and the settings have TLS off", endpoint)
		}
		return e.explainTLS(endpoint, host, s.tls, err)
	case speaksGRPC:
		if e.hasTLS() {
			return failed("set tls=off in the DSN, or use a port that has TLS", "%s speaks gRPC without TLS, and the settings have TLS on", endpoint)
		}
		return failed("check whether a proxy stands before GreptimeDB, and what its log says", "%s speaks HTTP/2, but the request failed: %s", endpoint, text(err))
	}
	return failed("check the address and the port: "+ports, "%s accepts connections, but speaks neither gRPC nor TLS: %s", endpoint, text(err))
}

// explainTLS returns the check of a server whose certificate, or whose demand for one, is the
// problem.
func (e *examination) explainTLS(endpoint, host string, state *tls.ConnectionState, err error) Check {
	if state == nil || len(state.PeerCertificates) == 0 {
		return failed("set tls_cert and tls_key in the DSN if the server wants a certificate of its clients", "%s speaks TLS, but ends the handshake: %s", endpoint, text(err))
	}
	leaf := state.PeerCertificates[0]
	now := time.Now()
	switch {
	case now.After(leaf.NotAfter):
		return failed("renew the server's certificate", "the certificate of %s, for %s, has ended on %s", endpoint, namesOf(leaf), leaf.NotAfter.Format(time.DateOnly))
	case now.Before(leaf.NotBefore):
		return failed("check this machine's clock, and the certificate", "the certificate of %s, for %s, is not valid before %s", endpoint, namesOf(leaf), leaf.NotBefore.Format(time.DateTime))
	}
	if nameErr := leaf.VerifyHostname(host); nameErr != nil {
		return failed("connect by one of these names, or set tls_server_name in the DSN to one of them", "the certificate of %s is for %s, and not for %s", endpoint, namesOf(leaf), host)
	}
	var unknown x509.UnknownAuthorityError
	if errors.As(e.verify(state, host), &unknown) {
		remedy := "set tls_ca in the DSN to the file of the authority's certificate"
		if e.cfg.TLSCA != "" {
			remedy = "check that " + e.cfg.TLSCA + " has the certificate of the authority that signed the server's"
		}
		return failed(remedy, "the certificate of %s, for %s, is signed by an authority that is not trusted here: %s", endpoint, namesOf(leaf), leaf.Issuer)
	}
	return failed("set tls_cert and tls_key in the DSN if the server wants a certificate of its clients", "%s speaks TLS, but the request failed: %s", endpoint, text(err))
}

// verify verifies a chain of certificates as the driver does.
func (e *examination) verify(state *tls.ConnectionState, host string) error {
	o := x509.VerifyOptions{DNSName: host, Intermediates: x509.NewCertPool()}
	for _, c := range state.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	if e.cfg.TLS != nil {
		o.Roots = e.cfg.TLS.RootCAs
	}
	if e.cfg.TLSCA != "" {
		pem, err := os.ReadFile(e.cfg.TLSCA)
		if err != nil {
			return err
		}
		o.Roots = x509.NewCertPool()
		o.Roots.AppendCertsFromPEM(pem)
	}
	_, err := state.PeerCertificates[0].Verify(o)
	return err
}

// namesOf returns the hosts that a certificate is for.
func namesOf(c *x509.Certificate) string {
	names := c.DNSNames
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return c.Subject.CommonName
	}
	return strings.Join(names, ", ")
}

func asAlert(err error, alert *tls.AlertError) bool {
	// An alert of the server is an unexported type within a *net.OpError.
	var op *net.OpError
	return errors.As(err, alert) || errors.As(err, &op) && op.Op == "remote error"
}
