package greptimetest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/stats"

	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/flight"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/race"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s := greptimetest.Start(t, greptimetest.Options{TLS: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}})
	if dsn := s.DSN("timezone=UTC"); !strings.HasSuffix(dsn, "/public?tls=on&timezone=UTC") {
		t.Errorf("DSN %s", dsn)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	dial(t, s, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}))).sql(t, "SELECT 1")
	if a := dial(t, s).try(t, "SELECT 1"); a.code != codes.Unavailable {
		t.Errorf("plaintext: %v", a.err())
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, o := range []greptimetest.Options{
		{Users: []greptimetest.User{{Name: "a"}}},
		{Users: []greptimetest.User{{Name: "a", Password: "x"}, {Name: "a", Password: "y"}}},
		{Addr: "nowhere:0:0"},
		{Dir: "/dev/null/x"},
		{Version: "1.1"},
		{Version: "2.0.0"},
	} {
		if s, err := greptimetest.New(o); err == nil {
			s.Close()
			t.Errorf("%+v: no error", o)
		}
	}
}

// TestDropAcks: a client that does not read loses acks with the option, and none
// without it.
func TestDropAcks(t *testing.T) {
	if race.Enabled {
		t.Skip("takes long under the race detector")
	}
	t.Parallel()
	for _, drop := range []bool{false, true} {
		server := greptimetest.Start(t, greptimetest.Options{DropAcks: drop})
		c, other := dial(t, server, grpc.WithInitialWindowSize(65535)), dial(t, server)
		x := captures.DoPutByName("zero_rows") // its second batch has none: answers are quick
		c.setup(t, x.Setup)
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		s, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, flight.MethodDoPut)
		if err != nil {
			t.Fatal(err)
		}
		const batches = 3000
		send := func(m captures.Message) {
			d := &flight.FlightData{DataHeader: m.Header, DataBody: m.Body, AppMetadata: m.AppMetadata}
			if m.Descriptor != nil {
				d.Descriptor = &flight.Descriptor{Path: m.Descriptor.Path, Type: flight.DescriptorPath}
			}
			if err := s.SendMsg(d); err != nil {
				t.Error(err)
			}
		}
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			send(x.Sent[0])
			for range batches - 1 {
				send(x.Sent[2])
			}
			send(x.Sent[1])
			if err := s.CloseSend(); err != nil {
				t.Error(err)
			}
		}()
		if drop {
			<-sent // nothing is read until the last batch is written
			for other.sql(t, "SELECT count(*) FROM "+x.Sent[0].Descriptor.Path[0]).text() == "0" {
				time.Sleep(10 * time.Millisecond)
			}
		}
		acks := 0
		for {
			var r flight.PutResult
			if s.RecvMsg(&r) != nil {
				break
			}
			acks++
		}
		<-sent
		if !drop && acks != batches+1 || drop && (acks < 33 || acks > batches) {
			t.Errorf("drop %v: %d acks of %d", drop, acks, batches+1)
		}
	}
}

// encodings records how the bytes of answers were compressed.
type encodings struct{ seen chan string }

func (e *encodings) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (e *encodings) HandleRPC(_ context.Context, s stats.RPCStats) {
	if h, ok := s.(*stats.InHeader); ok {
		e.seen <- h.Compression
	}
}
func (e *encodings) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (e *encodings) HandleConn(context.Context, stats.ConnStats)                       {}

// TestAnswersInTheClientsEncoding: the first one of its list that the server knows,
// whatever the request has.
func TestAnswersInTheClientsEncoding(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	for _, request := range []string{"gzip", "zstd"} {
		e := &encodings{seen: make(chan string, 10)}
		c := dial(t, s, grpc.WithStatsHandler(e), grpc.WithDefaultCallOptions(grpc.UseCompressor(request)))
		c.sql(t, "SELECT repeat('x', 1000) AS x")
		// grpc-go lists every compressor that the program has registered.
		if got := <-e.seen; got != "gzip" && got != "zstd" {
			t.Errorf("request %s: answered in %q", request, got)
		}
	}
}

func TestBatchSize(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t, greptimetest.Options{BatchSize: 100, Uncompressed: true}))
	a := c.sql(t, "SELECT value FROM generate_series(1, 250)")
	if len(a.kinds) != 5 || len(a.rows) != 250 {
		t.Errorf("%d rows in messages %v", len(a.rows), a.kinds)
	}
}

// TestShutdown waits for the calls that are running.
func TestShutdown(t *testing.T) {
	t.Parallel()
	s, err := greptimetest.New(greptimetest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, s)
	s.Inject(greptimetest.Fault{Requests: 1, Delay: 100 * time.Millisecond})
	done := make(chan answer, 1)
	go func() { done <- c.try(t, "SELECT 1") }()
	for s.Faults() > 0 { // until the call has met it
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if a := <-done; a.err() != nil {
		t.Errorf("the running call: %v", a.err())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
