package greptime

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
)

// tlsSource returns a function that returns the TLS configuration of the next connection, or
// nil for plaintext. If the Config names files, the function reads them each time, so that
// certificates can be renewed while the program runs. If they cannot be read then, as when
// they are just being replaced, it logs why and returns what it read before.
func (c *Config) tlsSource(log *slog.Logger) (func() *tls.Config, error) {
	first, err := c.tlsConfig()
	if first == nil {
		return nil, err
	}
	if c.TLSCA == "" && c.TLSCert == "" {
		return func() *tls.Config { return first }, nil
	}
	c = c.withAbsoluteFiles()
	var last atomic.Pointer[tls.Config]
	last.Store(first)
	return func() *tls.Config {
		next, err := c.tlsConfig()
		if err != nil {
			log.Warn("greptime: the files for TLS cannot be read; a new connection uses what was read before", "error", err)
			return last.Load()
		}
		last.Store(next)
		return next
	}, nil
}

// withAbsoluteFiles returns a copy of c whose files for TLS are found from other folders, too.
func (c *Config) withAbsoluteFiles() *Config {
	from := *c
	for _, name := range []*string{&from.TLSCA, &from.TLSCert, &from.TLSKey} {
		if *name == "" {
			continue
		}
		if path, err := filepath.Abs(*name); err == nil {
			*name = path
		}
	}
	return &from
}

// tlsConfig returns the TLS configuration of the channels, or nil for plaintext. It adds
// the files to a copy of c.TLS.
func (c *Config) tlsConfig() (*tls.Config, error) {
	if c.TLS == nil && !c.TLSEnabled {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLS != nil {
		t = c.TLS.Clone()
	}
	if c.TLSServerName != "" {
		t.ServerName = c.TLSServerName
	}
	if c.TLSCA != "" {
		pem, err := os.ReadFile(c.TLSCA)
		if err != nil {
			return nil, fmt.Errorf("greptime: tls_ca: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("greptime: tls_ca: %s has no PEM certificate", c.TLSCA)
		}
	}
	if c.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("greptime: tls_cert, tls_key: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}
