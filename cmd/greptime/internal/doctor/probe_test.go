package doctor

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"testing"
	"time"
)

// talker is a connection to a server that always says the same.
type talker struct {
	net.Conn
	says bytes.Reader
	open *int
}

func (c *talker) Read(b []byte) (int, error)       { return c.says.Read(b) }
func (c *talker) Write(b []byte) (int, error)      { return len(b), nil }
func (c *talker) SetDeadline(time.Time) error      { return nil }
func (c *talker) SetReadDeadline(time.Time) error  { return nil }
func (c *talker) SetWriteDeadline(time.Time) error { return nil }
func (c *talker) Close() error                     { *c.open--; return nil }

// Whatever a server says, probe closes its connections, takes nothing for a protocol that does
// not begin so, and nothing for TLS without a handshake.
func FuzzProbe(f *testing.F) {
	for _, says := range []string{
		"", "J\x00\x00\x00\x0a8.4.2-greptimedb\x00", "SSH-2.0-OpenSSH", "\x00\x00\x06\x04\x00\x00\x00\x00\x00", "HTTP/1.1 400 Bad Request\r\n", "S", "N",
		"\x15\x03\x01\x00\x02\x02\x28", "\x16\x03\x03\x00\x04\x02\x00\x00\x00", "\x17\x03\x03\xff\xff",
	} {
		f.Add([]byte(says))
	}
	f.Fuzz(func(t *testing.T, says []byte) {
		open := 0
		dial := func(context.Context) (net.Conn, error) {
			open++
			return &talker{says: *bytes.NewReader(says), open: &open}, nil
		}
		got := probe(t.Context(), dial, "localhost", time.Minute)
		if open != 0 {
			t.Errorf("%q: %d connections are open", says, open)
		}
		frame := len(says) >= 5 && binary.BigEndian.Uint32(says)>>8 <= 1<<14 && says[3] == 4 // of settings
		begins := map[string]bool{
			"": true, speaksMySQL: len(says) >= 5 && says[3] == 0, speaksSSH: bytes.HasPrefix(says, []byte("SSH-")), speaksGRPC: frame,
			speaksHTTP: bytes.HasPrefix(says, []byte("HTTP/1")), speaksPostgreSQL: len(says) > 0 && (says[0] == 'S' || says[0] == 'N'),
			speaksTLS: len(says) > 0 && says[0] == 0x15, // an alert: there is no whole handshake without a key
		}
		if !begins[got.name] || (got.tls != nil) != (got.name == speaksTLS) || got.tls != nil && len(got.tls.PeerCertificates) > 0 {
			t.Errorf("%q is %q, TLS %+v", says, got.name, got.tls)
		}
	})
}
