package transport

import (
	"context"
	"crypto/tls"
	"net"

	"google.golang.org/grpc/credentials"
)

// tlsCredentials are TLS credentials that ask for their configuration at each handshake.
type tlsCredentials struct {
	credentials.TransportCredentials // of the first configuration, for everything but handshakes
	config                           func() *tls.Config
}

func newTLSCredentials(config func() *tls.Config) credentials.TransportCredentials {
	return tlsCredentials{credentials.NewTLS(config()), config}
}

func (c tlsCredentials) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return credentials.NewTLS(c.config()).ClientHandshake(ctx, authority, raw)
}

func (c tlsCredentials) Clone() credentials.TransportCredentials {
	return tlsCredentials{c.TransportCredentials.Clone(), c.config}
}
