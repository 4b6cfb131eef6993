package wiretest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// CA is a certificate authority for the duration of a test.
type CA struct {
	t      testing.TB
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	serial int64
}

// NewCA creates an authority with a new key.
func NewCA(t testing.TB) *CA {
	t.Helper()
	ca := &CA{t: t}
	template := ca.template("wiretest CA")
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign
	ca.cert, ca.key = ca.sign(template, nil, nil)
	return ca
}

// Pool returns a pool that contains only the authority's certificate.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// Server returns the configuration of a server with a new certificate for the given host
// names and addresses. Without any, it is for localhost, 127.0.0.1 and ::1.
func (ca *CA) Server(hosts ...string) *tls.Config {
	ca.t.Helper()
	return ca.ServerBetween(time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour), hosts...)
}

// ServerBetween returns the same as Server, with a certificate that is valid only between
// two times.
func (ca *CA) ServerBetween(from, to time.Time, hosts ...string) *tls.Config {
	ca.t.Helper()
	if len(hosts) == 0 {
		hosts = []string{"localhost", "127.0.0.1", "::1"}
	}
	return &tls.Config{
		Certificates: []tls.Certificate{ca.issue("wiretest server", x509.ExtKeyUsageServerAuth, from, to, hosts)},
		NextProtos:   []string{"h2"},
		MinVersion:   tls.VersionTLS12,
	}
}

// MutualServer returns the same as Server, but accepts only clients with a certificate of
// this authority.
func (ca *CA) MutualServer(hosts ...string) *tls.Config {
	ca.t.Helper()
	cfg := ca.Server(hosts...)
	cfg.ClientAuth = tls.RequireAndVerifyClientCert
	cfg.ClientCAs = ca.Pool()
	return cfg
}

// Client returns the configuration of a client that trusts this authority and presents
// a new certificate of its own.
func (ca *CA) Client() *tls.Config {
	ca.t.Helper()
	return &tls.Config{
		RootCAs:      ca.Pool(),
		Certificates: []tls.Certificate{ca.client()},
		MinVersion:   tls.VersionTLS12,
	}
}

// Files writes PEM files to the test's directory: the authority's certificate, and
// a client's certificate and key.
func (ca *CA) Files() (caFile, certFile, keyFile string) {
	ca.t.Helper()
	return ca.FilesIn(ca.t.TempDir())
}

// FilesIn writes the files of Files to dir, in place of those that are there.
func (ca *CA) FilesIn(dir string) (caFile, certFile, keyFile string) {
	ca.t.Helper()
	client := ca.client()
	key, err := x509.MarshalPKCS8PrivateKey(client.PrivateKey)
	if err != nil {
		ca.t.Fatalf("wiretest: %v", err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			ca.t.Fatalf("wiretest: %v", err)
		}
		return path
	}
	return write("ca.pem", "CERTIFICATE", ca.cert.Raw),
		write("client.pem", "CERTIFICATE", client.Certificate[0]),
		write("client.key", "PRIVATE KEY", key)
}

func (ca *CA) client() tls.Certificate {
	ca.t.Helper()
	return ca.issue("wiretest client", x509.ExtKeyUsageClientAuth, time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour), nil)
}

func (ca *CA) issue(name string, use x509.ExtKeyUsage, from, to time.Time, hosts []string) tls.Certificate {
	ca.t.Helper()
	template := ca.template(name)
	template.NotBefore, template.NotAfter = from, to
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{use}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	cert, key := ca.sign(template, ca.cert, ca.key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

func (ca *CA) template(name string) *x509.Certificate {
	ca.serial++
	return &x509.Certificate{
		SerialNumber: big.NewInt(ca.serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
}

// sign creates a key and a certificate for it, signed by the parent, or by itself.
func (ca *CA) sign(template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	ca.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		ca.t.Fatalf("wiretest: %v", err)
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		ca.t.Fatalf("wiretest: %v", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		ca.t.Fatalf("wiretest: %v", err)
	}
	return cert, key
}
