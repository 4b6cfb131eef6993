package doctor_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/cmd/greptime/internal/doctor"
	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// examine returns the checks of a server by their names.
func examine(t *testing.T, cfg *greptime.Config, o doctor.Options) map[string]doctor.Check {
	t.Helper()
	checks := map[string]doctor.Check{}
	doctor.Examine(t.Context(), cfg, o, func(c doctor.Check) {
		if _, twice := checks[c.Name]; twice {
			t.Errorf("the check %s is reported twice", c.Name)
		}
		checks[c.Name] = c
	})
	if len(checks) != 12 {
		t.Errorf("%d checks, want 12", len(checks))
	}
	return checks
}

func parse(t *testing.T, dsn string) *greptime.Config {
	t.Helper()
	cfg, err := greptime.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// want compares checks with expectations: the status, a part of the finding, a part of the remedy.
// Checks that are not named must have the status of others.
func want(t *testing.T, checks map[string]doctor.Check, others doctor.Status, expected map[string][3]string) {
	t.Helper()
	for name, c := range checks {
		w, ok := expected[name]
		switch {
		case !ok && c.Status != others:
			t.Errorf("%s: %s, %s (%s), want %s", name, c.Status, c.Finding, c.Remedy, others)
		case ok && (string(c.Status) != w[0] || !strings.Contains(c.Finding, w[1]) || !strings.Contains(c.Remedy, w[2])):
			t.Errorf("%s: %s, %q, remedy %q; want %q", name, c.Status, c.Finding, c.Remedy, w)
		}
		if strings.Contains(c.Finding+c.Remedy, "secret") {
			t.Errorf("%s prints the password: %s %s", name, c.Finding, c.Remedy)
		}
	}
}

func TestServerWithoutProblems(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t, greptimetest.Options{Users: []greptimetest.User{{Name: "ann", Password: "secret"}}})
	cfg := parse(t, s.DSN("timezone=Asia/Tokyo"))
	conn, err := greptime.Connect(t.Context(), s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Exec(t.Context(), "CREATE TABLE readings (ts TIMESTAMP TIME INDEX, v DOUBLE)"); err != nil {
		t.Fatal(err)
	}
	tables := func() int64 {
		n, err := greptime.One[int64](t.Context(), conn, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	want(t, examine(t, cfg, doctor.Options{}), doctor.OK, map[string][3]string{
		"settings":       {"ok", "database public, time zone Asia/Tokyo, user ann, TLS off"},
		"network":        {"ok", s.Addr() + " accepts connections"},
		"protocol":       {"ok", "gRPC, without TLS; GreptimeDB's health check answers"},
		"user":           {"ok", "ann"},
		"version":        {"ok", "GreptimeDB 1.1.4"},
		"database":       {"ok", "public, with 1 table"},
		"time zone":      {"ok", "JST"},
		"clock":          {"ok", "this machine's"},
		"latency":        {"ok", "median of 11"},
		"query service":  {"ok", "answers"},
		"insert service": {"ok", "answers"},
		"bulk service":   {"ok", "answers"},
	})
	if n := tables(); n != 1 {
		t.Errorf("%d tables after an examination that must not write", n)
	}
	want(t, examine(t, cfg, doctor.Options{Write: true}), doctor.OK, map[string][3]string{
		"insert service": {"ok", "wrote a row"},
		"bulk service":   {"ok", "wrote a row"},
	})
	if n := tables(); n != 1 {
		t.Errorf("%d tables after an examination that wrote: its own must be dropped", n)
	}
}

func TestUsersAndDatabases(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t, greptimetest.Options{Users: []greptimetest.User{
		{Name: "ann", Password: "secret"}, {Name: "reader", Password: "secret", Mode: greptimetest.ReadOnly}, {Name: "writer", Password: "secret", Mode: greptimetest.WriteOnly},
	}})
	open := greptimetest.Start(t)
	for name, tt := range map[string]struct {
		dsn    string
		o      doctor.Options
		others doctor.Status
		want   map[string][3]string
	}{
		"wrong password": {"greptime://ann:wrong@" + s.Addr(), doctor.Options{}, doctor.Skipped, map[string][3]string{
			"settings": {"ok"}, "network": {"ok"}, "protocol": {"ok"},
			"user": {"problem", "does not accept the password of the user ann", "correct the password"}}},
		"unknown user": {"greptime://bob:secret@" + s.Addr(), doctor.Options{}, doctor.Skipped, map[string][3]string{
			"settings": {"ok"}, "network": {"ok"}, "protocol": {"ok"},
			"user": {"problem", "does not know the user bob", "case-sensitive"}}},
		"no user": {"greptime://" + s.Addr(), doctor.Options{}, doctor.Skipped, map[string][3]string{
			"settings": {"ok"}, "network": {"ok"}, "protocol": {"ok"},
			"user": {"problem", "requires a user", "greptime://user@host"}}},
		"read-only user": {"greptime://reader:secret@" + s.Addr(), doctor.Options{}, doctor.OK, map[string][3]string{
			"insert service": {"warning", "may not write", "a user who may write"}}},
		"read-only user who is to write": {"greptime://reader:secret@" + s.Addr(), doctor.Options{Write: true}, doctor.OK, map[string][3]string{
			"insert service": {"warning", "may not write", "a user who may write"},
			"bulk service":   {"warning", "may not write", "a user who may write"}}},
		"write-only user": {"greptime://writer:secret@" + s.Addr(), doctor.Options{}, doctor.OK, map[string][3]string{
			"user":          {"warning", "writer, who may not read", "a user who may read"},
			"version":       {"warning", "not known"},
			"query service": {"warning", "may not read", "a user who may read"}}},
		"unknown database": {"greptime://ann:secret@" + s.Addr() + "/metrics", doctor.Options{}, doctor.Skipped, map[string][3]string{
			"settings": {"ok"}, "network": {"ok"}, "protocol": {"ok"}, "user": {"ok"}, "version": {"ok"},
			"database": {"problem", "no database metrics", "public"}}},
		"a user nobody asks for": {"greptime://ann:secret@" + open.Addr(), doctor.Options{}, doctor.OK, map[string][3]string{
			"user": {"warning", "ignores the password", "--user-provider"}}},
		"database with a dash": {"greptime://" + open.Addr() + "/a-b", doctor.Options{}, doctor.Skipped, map[string][3]string{
			"settings": {"ok"}, "network": {"ok"}, "protocol": {"ok"}, "user": {"ok"}, "version": {"ok"},
			"database": {"problem", "no database a-b", "CREATE DATABASE"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want(t, examine(t, parse(t, tt.dsn), tt.o), tt.others, tt.want)
		})
	}
}

// serve calls answer for each connection to a new port.
func serve(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				answer(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// ping answers as GreptimeDB does to what doctor asks first.
func ping(c *wiretest.Call) error {
	switch c.Method {
	case wiretest.MethodHealthCheck:
		return c.Send(nil)
	case wiretest.MethodDoGet:
	default:
		return status.Error(codes.Unimplemented, "")
	}
	return wiretest.Replay(captures.DoGetByName("select_constants"))(c)
}

func TestNetworkAndProtocol(t *testing.T) {
	t.Parallel()
	closed := serve(t, func(net.Conn) {})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing := l.Addr().String()
	l.Close()
	mute := serve(t, func(c net.Conn) { c.Read(make([]byte, 1<<20)); c.Read(make([]byte, 1<<20)) })
	mysql := serve(t, func(c net.Conn) {
		c.Write(append([]byte{74, 0, 0, 0, 10}, "8.4.2-greptimedb-1.1.4\x00"...))
		c.Read(make([]byte, 100))
	})
	postgres := serve(t, func(c net.Conn) {
		request := make([]byte, 8)
		if _, err := c.Read(request); err == nil && request[4] == 4 && request[5] == 0xd2 {
			c.Write([]byte("N"))
		}
	})
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	bothWeb := httptest.NewUnstartedServer(http.NotFoundHandler()) // HTTP/1 and HTTP/2, as GreptimeDB's HTTP port and proxies
	bothWeb.Config.Protocols = new(http.Protocols)
	bothWeb.Config.Protocols.SetHTTP1(true)
	bothWeb.Config.Protocols.SetUnencryptedHTTP2(true)
	bothWeb.Start()
	t.Cleanup(bothWeb.Close)
	secureWeb := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secureWeb.Close)

	plain := wiretest.Start(t, ping)
	ca, otherCA := wiretest.NewCA(t), wiretest.NewCA(t)
	caFile, certFile, keyFile := ca.Files()
	otherFile, _, _ := otherCA.Files()
	secure := wiretest.Start(t, ping, wiretest.TLS(ca.Server()))
	named := wiretest.Start(t, ping, wiretest.TLS(ca.Server("db.example.com")))
	mutual := wiretest.Start(t, ping, wiretest.TLS(ca.MutualServer()))
	ended := wiretest.Start(t, ping, wiretest.TLS(certificate(t, time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour))))
	future := wiretest.Start(t, ping, wiretest.TLS(certificate(t, time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour))))

	ca1 := "?tls=on&tls_ca=" + caFile
	settings, network := [3]string{"ok"}, [3]string{"ok"}
	for name, tt := range map[string]struct {
		dsn  string
		want map[string][3]string
	}{
		"unknown host": {"no-such-host.invalid", map[string][3]string{"settings": settings,
			"network": {"problem", "no-such-host.invalid", "name"}}},
		"nobody listens": {refusing, map[string][3]string{"settings": settings,
			"network": {"problem", "refuses connections", "start GreptimeDB"}}},
		"no such socket": {"unix:" + strings.ReplaceAll(filepath.Join(t.TempDir(), "g.sock"), "/", "%2F"), map[string][3]string{"settings": settings,
			"network": {"problem", "does not exist", "correct the path"}}},
		"connections are closed at once": {closed, map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "speaks neither gRPC nor TLS", "4001"}}},
		"a server that says nothing": {mute + "?connect_timeout=300ms", map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "speaks neither gRPC nor TLS", "4001"}}},
		"the MySQL port": {mysql, map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "speaks MySQL", "4001"}}},
		"the PostgreSQL port": {postgres, map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "speaks PostgreSQL", "4001"}}},
		"the HTTP port": {web.Listener.Addr().String(), map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "speaks HTTP, and not gRPC", "4000 is for HTTP"}}},
		"the HTTP port, with HTTP/2": {bothWeb.Listener.Addr().String(), map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "speaks HTTP/1 and HTTP/2, as GreptimeDB's HTTP port and proxies do, and the request failed: ", "4000 is for HTTP; or, if this is a proxy, see its log"}}},
		"a web server with TLS": {secureWeb.Listener.Addr().String(), map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "speaks TLS, and the settings have TLS off", "tls=on"}}},
		"TLS is on, the server has none": {plain.Addr() + "?tls=on", map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "without TLS", "tls=off"}}},
		"TLS is off, the server has it": {secure.Addr(), map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "speaks TLS, and the settings have TLS off", "tls=on"}}},
		"an authority that is not trusted": {secure.Addr() + "?tls=on", map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "wiretest CA", "tls_ca"}}},
		"another authority": {secure.Addr() + "?tls=on&tls_ca=" + otherFile, map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "not trusted", otherFile}}},
		"a certificate for another host": {named.Addr() + ca1, map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "is for db.example.com, and not for 127.0.0.1", "tls_server_name"}}},
		"a certificate that has ended": {ended.Addr() + "?tls=on", map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "has ended", "renew"}}},
		"a certificate of the future": {future.Addr() + "?tls=on", map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "not valid before", "clock"}}},
		"the server wants a certificate": {mutual.Addr() + ca1, map[string][3]string{"settings": settings, "network": network,
			"protocol": {"problem", "", "tls_cert"}}},
		"an unknown file": {plain.Addr() + "?tls=on&tls_ca=/no/such/file", map[string][3]string{
			"settings": {"problem", "/no/such/file", "correct the DSN"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want(t, examine(t, parse(t, "greptime://"+tt.dsn), doctor.Options{}), doctor.Skipped, tt.want)
		})
	}
	t.Run("TLS", func(t *testing.T) {
		t.Parallel()
		for _, dsn := range []string{secure.Addr() + ca1, mutual.Addr() + ca1 + "&tls_cert=" + certFile + "&tls_key=" + keyFile, named.Addr() + ca1 + "&tls_server_name=db.example.com"} {
			c := examine(t, parse(t, "greptime://"+dsn), doctor.Options{})["protocol"]
			if c.Status != doctor.Warning || !strings.Contains(c.Finding, "TLS 1.3") || !strings.Contains(c.Finding, "valid until") || c.Remedy != "renew the server's certificate" {
				t.Errorf("%+v; the certificates of the test end soon", c)
			}
		}
	})
}

// certificate returns the configuration of a server whose certificate, signed by itself, is valid
// from one time to another.
func certificate(t *testing.T, from, to time.Time) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "db"}, NotBefore: from, NotAfter: to, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{"h2"}}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	c := examine(t, &greptime.Config{TimeZone: "Mars/Olympus"}, doctor.Options{})["settings"]
	if c.Status != doctor.Problem || !strings.Contains(c.Finding, `unknown time zone "Mars/Olympus"`) {
		t.Errorf("unknown zone: %+v", c)
	}
	cfg := &greptime.Config{Endpoints: []string{"no-such-host.invalid", "127.0.0.1:1"}, User: "ann", Password: greptime.NewSecret("secret")}
	c = examine(t, cfg, doctor.Options{})["settings"]
	if c.Status != doctor.Warning || !strings.Contains(c.Finding, "unencrypted to no-such-host.invalid:4001") || strings.Contains(c.Finding, "secret") {
		t.Errorf("password without TLS: %+v", c)
	}
}

// TestServerThatDiffers examines a server whose zone and clock are others, and which is old.
func TestServerThatDiffers(t *testing.T) {
	t.Parallel()
	text := func(name, value string) wiretest.Handler {
		messages, err := wiretest.TextMessages(name, value)
		if err != nil {
			t.Fatal(err)
		}
		return wiretest.Flight(messages)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "now()", Type: &arrow.TimestampType{Unit: arrow.Nanosecond}}}, nil)
	now := func(c *wiretest.Call) error {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		defer b.Release()
		b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(time.Now().Add(-time.Minute).UnixNano()))
		batch := b.NewRecordBatch()
		defer batch.Release()
		message, err := wiretest.BatchMessage(batch)
		if err != nil {
			return err
		}
		return wiretest.Flight([]captures.Message{wiretest.SchemaMessage(schema), message, wiretest.MetricsMessage()})(c)
	}
	refuse := func(c *wiretest.Call) error {
		if _, err := c.TicketBytes(); err != nil {
			return err
		}
		return c.Fail(codes.Internal, "the disk is full", int(greptime.StorageUnavailable))
	}
	constants := wiretest.Replay(captures.DoGetByName("select_constants"))
	mux := wiretest.NewMux().SQL("SELECT 1", constants).SQL("SELECT session_user()", text("u", "greptime")).SQL("SELECT version()", text("v", "0.15.2")).
		SQL("SELECT timezone()", text("z", "UTC")).SQL("SELECT now()", now).
		SQL("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'", refuse)
	s := wiretest.Start(t, mux.Handle)
	want(t, examine(t, parse(t, s.DSN("timezone=Asia/Tokyo")), doctor.Options{}), doctor.OK, map[string][3]string{
		"user":           {"ok", "whom the server sees as greptime"},
		"version":        {"warning", "0.15.2", "upgrade"},
		"database":       {"warning", "the disk is full"},
		"time zone":      {"problem", "Asia/Tokyo, but the server reads times without a zone in UTC", "another zone"},
		"clock":          {"warning", "1m0s behind this machine's", "NTP"},
		"insert service": {"problem", "Handle"},
		"bulk service":   {"problem", "no bulk inserts", "upgrade"},
	})
}

func TestPrint(t *testing.T) {
	t.Parallel()
	checks := []doctor.Check{
		{Name: "network", Status: doctor.OK, Finding: "localhost:4001 accepts connections"},
		{Name: "user", Status: doctor.Problem, Finding: "the server does not know the user bob", Remedy: "correct the user's name, which is case-sensitive"},
		{Name: "version", Status: doctor.Skipped, Finding: "not checked"},
		{Name: "clock", Status: doctor.Skipped, Finding: "not checked"},
	}
	var b strings.Builder
	for _, c := range checks {
		doctor.Print(&b, c, doctor.Style{Width: 50})
	}
	doctor.PrintSkipped(&b, checks, doctor.Style{Width: 50})
	doctor.PrintSkipped(&b, checks[:2], doctor.Style{Width: 50})
	const text = `✓ network         localhost:4001 accepts
                  connections
✗ user            the server does not know the
                  user bob
                  → correct the user's name, which
                    is case-sensitive
– not checked     version, clock
`
	if b.String() != text {
		t.Errorf("got\n%swant\n%s", b.String(), text)
	}
	b.Reset()
	doctor.Print(&b, checks[0], doctor.Style{Color: true})
	if want := "\x1b[32m✓\x1b[0m network         localhost:4001 accepts connections\n"; b.String() != want {
		t.Errorf("with colours %q, want %q", b.String(), want)
	}
	b.Reset()
	doctor.Print(&b, doctor.Check{Name: "user", Status: doctor.OK, Finding: "\x1b]0;title\x07", Remedy: "\x1b[2J"}, doctor.Style{Width: 80})
	if want := "✓ user            \\x1b]0;title\\x07\n                  → \\x1b[2J\n"; b.String() != want {
		t.Errorf("control characters of a server: %q, want %q", b.String(), want)
	}
	b.Reset()
	if err := doctor.PrintJSON(&b, checks); err != nil {
		t.Fatal(err)
	}
	var decoded struct {
		OK     bool
		Checks []doctor.Check
	}
	if err := json.Unmarshal([]byte(b.String()), &decoded); err != nil || decoded.OK || fmt.Sprint(decoded.Checks) != fmt.Sprint(checks) {
		t.Errorf("%v %+v from %s", err, decoded, b.String())
	}
}
