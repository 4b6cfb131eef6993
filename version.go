package greptime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/transport"
)

// Version is the version of a GreptimeDB server. Equal versions compare equal with ==, and Compare
// orders them. The zero Version is an unknown version and is less than every other.
type Version struct {
	Major, Minor, Patch int

	// Pre is the pre-release, such as beta.2; it is empty for a release.
	Pre string
}

// versionText is a semantic version. To clients of MySQL and PostgreSQL GreptimeDB names theirs
// before its own: 8.4.2-greptimedb-1.0.2, PostgreSQL 16.3 GreptimeDB 1.1.4.
var versionText = regexp.MustCompile(`^(?:.*[Gg]reptime[Dd][Bb][ -])?v?([0-9]+)\.([0-9]+)\.([0-9]+)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+.*)?$`)

// ParseVersion returns the version that text names: 1.1.4, v1.2.0-beta.2, or one of the forms in
// which GreptimeDB answers SELECT version() over the protocols of MySQL and PostgreSQL. Build
// metadata (+…) is dropped, because it has no order.
func ParseVersion(text string) (Version, error) {
	err := fmt.Errorf("greptime: %.100q is not a version of GreptimeDB such as 1.1.4 or 1.2.0-beta.2", text)
	m := versionText.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return Version{}, err
	}
	var numbers [3]int
	for i := range numbers {
		n, tooLarge := strconv.ParseUint(m[1+i], 10, 31)
		if tooLarge != nil {
			return Version{}, err
		}
		numbers[i] = int(n)
	}
	return Version{Major: numbers[0], Minor: numbers[1], Patch: numbers[2], Pre: m[4]}, nil
}

// String returns the version as in 1.2.0-beta.2; that of the zero Version is unknown.
func (v Version) String() string {
	if v == (Version{}) {
		return "unknown"
	}
	text := fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
	if v.Pre != "" {
		text += "-" + v.Pre
	}
	return text
}

// Compare returns -1, 0 or +1 as v is less than, equal to or greater than other, in the order of
// semantic versions: a pre-release is less than its release, beta.2 less than beta.10, and beta
// less than rc.
func (v Version) Compare(other Version) int {
	unknown := Version{}
	switch {
	case v == other:
		return 0
	case v == unknown:
		return -1
	case other == unknown:
		return +1
	}
	return cmp.Or(
		cmp.Compare(v.Major, other.Major),
		cmp.Compare(v.Minor, other.Minor),
		cmp.Compare(v.Patch, other.Patch),
		comparePre(v.Pre, other.Pre),
	)
}

// comparePre compares two pre-releases of the same version; that of a release is empty.
func comparePre(v, other string) int {
	switch {
	case v == "":
		return +1
	case other == "":
		return -1
	}
	a, b := strings.Split(v, "."), strings.Split(other, ".")
	for i := range min(len(a), len(b)) {
		if c := compareIdentifiers(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// compareIdentifiers compares two parts of a pre-release: numbers by value, and before words.
func compareIdentifiers(a, b string) int {
	isNumber := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	switch {
	case isNumber(a) && isNumber(b):
		m, n := strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		return cmp.Or(cmp.Compare(len(m), len(n)), strings.Compare(m, n), strings.Compare(a, b))
	case isNumber(a):
		return -1
	case isNumber(b):
		return +1
	}
	return strings.Compare(a, b)
}

// selectVersion asks a server for its version.
var selectVersion = statement{text: "SELECT version()", kind: sqltext.Select, readOnly: true, endsWithMetrics: true}

// ServerVersion returns the version of the server that answers SELECT version(): the server that
// Config.Balance chooses, or another one if that is unavailable. The Connector keeps the answer of
// each endpoint for a minute, because a server may be upgraded while the Connector is open.
//
// With an error, the Version is the zero Version. The server does not answer a user who may only
// write: errors.Is(err, PermissionDenied) holds then. An answer that ParseVersion does not understand
// is an error, too.
func (c *Conn) ServerVersion(ctx context.Context) (Version, error) {
	s, err := c.current()
	if err != nil {
		return Version{}, err
	}
	v, err := s.endpointVersion(ctx, c.client.channels.Next())
	var e *Error
	if errors.As(err, &e) && e.GRPC == codes.Unavailable && ctx.Err() == nil {
		return s.askVersion(ctx, nil)
	}
	return v, err
}

// endpointVersion returns the version of the server at e.
func (s session) endpointVersion(ctx context.Context, e *transport.Endpoint) (Version, error) {
	if text, ok := e.Version(); ok {
		return ParseVersion(text)
	}
	return s.askVersion(ctx, e)
}

// askVersion asks the server at e, or any server if e is nil, and keeps its answer.
func (s session) askVersion(ctx context.Context, e *transport.Endpoint) (Version, error) {
	ctx, cancel := s.client.limit(ctx)
	defer cancel()
	st := selectVersion
	st.endpoint = e
	rd, err := s.send(ctx, st)
	if err != nil {
		return Version{}, err
	}
	defer rd.Release()
	text, err := readOneText(rd)
	if err != nil {
		return Version{}, fmt.Errorf("greptime: the version of the server: %w", err)
	}
	v, err := ParseVersion(text)
	if err != nil {
		return Version{}, err
	}
	rd.stream.Endpoint().KeepVersion(text)
	return v, nil
}

var errNotOneText = errors.New("the answer is not one text")

// readOneText reads a result that is one text to its end.
func readOneText(rd *RecordReader) (string, error) {
	var text string
	rows := 0
	for rd.Next() {
		batch := rd.RecordBatch()
		if batch.NumRows() == 0 {
			continue
		}
		if batch.NumCols() != 1 {
			return "", errNotOneText
		}
		column, ok := batch.Column(0).(array.StringLike)
		if !ok || column.IsNull(0) {
			return "", errNotOneText
		}
		text, rows = strings.Clone(column.Value(0)), rows+int(batch.NumRows())
	}
	switch {
	case rd.Err() != nil:
		return "", rd.Err()
	case rows != 1:
		return "", fmt.Errorf("the answer has %d rows, not one", rows)
	}
	return text, nil
}
