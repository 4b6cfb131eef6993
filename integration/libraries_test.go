package integration

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	sqlmock "github.com/DATA-DOG/go-sqlmock"
	"github.com/Masterminds/squirrel"
	"github.com/XSAM/otelsql"
	"github.com/doug-martin/goqu/v9"
	_ "github.com/doug-martin/goqu/v9/dialect/mysql"
	"github.com/georgysavva/scany/v2/sqlscan"
	"github.com/huandu/go-sqlbuilder"
	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/snippets"
)

func TestDocumentOfLibrariesCompiles(t *testing.T) {
	t.Parallel()
	const (
		pool    = "var ctx context.Context; var db *sql.DB\n"
		device  = "var device string\n"
		samples = "type Sample struct{}; var since time.Time\n"
	)
	snippets.Document{
		Path: "../docs/libraries.md",
		Packages: []string{
			"context", "database/sql", "time",
			"github.com/DATA-DOG/go-sqlmock",
			"github.com/Masterminds/squirrel",
			"github.com/XSAM/otelsql",
			"github.com/doug-martin/goqu/v9",
			"github.com/georgysavva/scany/v2/sqlscan",
			"github.com/huandu/go-sqlbuilder",
			"github.com/jmoiron/sqlx",
			"github.com/prometheus/client_golang/prometheus",
			"github.com/prometheus/client_golang/prometheus/collectors",
			"github.com/greptime-go/greptime/insert",
		},
		Given: map[string]string{
			"query, args, err := goqu.":   pool + device,
			"sb := sqlbuilder.":           pool + device,
			"rows, err := squirrel.":      pool + samples,
			"x := sqlx.":                  pool + samples,
			"var samples []Sample\nerr :": pool + samples,
			"queries := New(db)":          pool + "type Queries struct{}; func New(*sql.DB) *Queries; func (*Queries) LastSample(context.Context, string) (float64, error)",
			"db, err := otelsql.":         "var ctx context.Context; type Reading struct{}; var readings []Reading",
			"err := prometheus.":          pool,
		},
	}.Check(t)
}

// Sample is a row of sensor_data for libraries with db tags.
type Sample struct {
	DeviceID    string   `db:"device_id"`
	Temperature *float64 `db:"temperature"`
}

// sensors returns a pool with a table sensor_data of two devices, which values name, and
// the time of its rows.
func sensors(t *testing.T, devices ...string) (*sql.DB, time.Time) {
	t.Helper()
	db := open(t, "")
	mustExec(t, db, "CREATE TABLE sensor_data (device_id STRING, temperature DOUBLE, ts TIMESTAMP(3) TIME INDEX, PRIMARY KEY (device_id))")
	now := time.UnixMilli(1704067200001).UTC()
	for i, device := range devices {
		mustExec(t, db, "INSERT INTO sensor_data VALUES (?, ?, ?)", device, float64(i)+0.5, now)
	}
	return db.DB, now
}

// column returns the strings of the only column of a query's result.
func column(t *testing.T, rows *sql.Rows, err error) []string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestSquirrel(t *testing.T) {
	t.Parallel()
	db, now := sensors(t, "a", `b'\`, "c")
	rows, err := squirrel.Select("device_id").From("sensor_data").
		Where(squirrel.Eq{"device_id": []string{"a", `b'\`}}).
		Where(squirrel.GtOrEq{"ts": now}).OrderBy("device_id").
		RunWith(db).QueryContext(t.Context())
	if got := column(t, rows, err); !reflect.DeepEqual(got, []string{"a", `b'\`}) {
		t.Errorf("devices %q", got)
	}
	result, err := squirrel.Insert("sensor_data").Columns("device_id", "temperature", "ts").
		Values("d", nil, now).Values("e", 2.5, now).RunWith(db).ExecContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := result.RowsAffected(); n != 2 {
		t.Errorf("%d rows are inserted, want 2", n)
	}
	// GreptimeDB ignores these clauses: a row is replaced, and none is returned.
	again := squirrel.Insert("sensor_data").Columns("device_id", "temperature", "ts").RunWith(db)
	if _, err := again.Values("a", 8.5, now).Suffix("ON CONFLICT DO NOTHING").ExecContext(t.Context()); err != nil {
		t.Error(err)
	}
	rows, err = again.Values("c", 9.5, now).Suffix("RETURNING device_id").QueryContext(t.Context())
	if got := column(t, rows, err); len(got) != 0 {
		t.Errorf("RETURNING returns %q", got)
	}
	rows, err = db.QueryContext(t.Context(), "SELECT CAST(temperature AS STRING) FROM sensor_data WHERE device_id IN ('a', 'c') ORDER BY device_id")
	if got := column(t, rows, err); !slices.Equal(got, []string{"8.5", "9.5"}) {
		t.Errorf("temperatures %q are stored, want the later ones", got)
	}
	if _, err := squirrel.Update("sensor_data").Set("temperature", 1).RunWith(db).ExecContext(t.Context()); err == nil {
		t.Error("UPDATE succeeds")
	}
}

func TestScany(t *testing.T) {
	t.Parallel()
	db, now := sensors(t, "a")
	mustExec(t, sqlx.NewDb(db, "greptime"), "INSERT INTO sensor_data VALUES ('b', NULL, ?)", now)
	var samples []Sample
	if err := sqlscan.Select(t.Context(), db, &samples, "SELECT device_id, temperature FROM sensor_data WHERE ts >= $1 ORDER BY device_id", now); err != nil {
		t.Fatal(err)
	}
	if len(samples) != 2 || samples[0].DeviceID != "a" || *samples[0].Temperature != 0.5 || samples[1].Temperature != nil {
		t.Errorf("samples %+v", samples)
	}
	var one Sample
	if err := sqlscan.Get(t.Context(), db, &one, "SELECT * FROM sensor_data WHERE device_id = $1", "a"); err == nil {
		t.Error("a column without a field is no error")
	}
	if err := sqlscan.Get(t.Context(), db, &one, "SELECT device_id FROM sensor_data WHERE device_id = $1", "z"); !sqlscan.NotFound(err) {
		t.Errorf("no row: %v", err)
	}
}

// queries is written as sqlc generates code.
type queries struct {
	db interface {
		ExecContext(context.Context, string, ...any) (sql.Result, error)
		PrepareContext(context.Context, string) (*sql.Stmt, error)
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
		QueryRowContext(context.Context, string, ...any) *sql.Row
	}
}

func (q *queries) lastSample(ctx context.Context, device string) (sql.NullFloat64, error) {
	row := q.db.QueryRowContext(ctx, "SELECT temperature FROM sensor_data WHERE device_id = ? ORDER BY ts DESC LIMIT 1", device)
	var temperature sql.NullFloat64
	err := row.Scan(&temperature)
	return temperature, err
}

func TestCodeAsOfSQLC(t *testing.T) {
	t.Parallel()
	db, _ := sensors(t, "a", "b")
	q := &queries{db: db}
	if got, err := q.lastSample(t.Context(), "b"); err != nil || got.Float64 != 1.5 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := q.lastSample(t.Context(), "z"); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("no row: %v", err)
	}
}

func TestInsertAndCollectThroughOtelsql(t *testing.T) {
	t.Parallel()
	db, err := otelsql.Open("greptime", dsn(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	type reading struct {
		Device string    `greptime:"device_id,tag"`
		At     time.Time `greptime:"ts,time"`
	}
	want := []reading{{"a", time.UnixMilli(1).UTC()}, {"b", time.UnixMilli(2).UTC()}}
	if _, err := insert.WriteStructs(t.Context(), db, "sensor_data", want); err != nil {
		t.Fatal(err)
	}
	got, err := greptime.Collect[reading](t.Context(), db, "SELECT device_id, ts FROM sensor_data ORDER BY ts")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestDBStatsOfPrometheus(t *testing.T) {
	t.Parallel()
	db, _ := sensors(t, "a")
	registry := prometheus.NewRegistry()
	if err := registry.Register(collectors.NewDBStatsCollector(db, "sensors")); err != nil {
		t.Fatal(err)
	}
	rows, err := db.QueryContext(t.Context(), "SELECT device_id FROM sensor_data")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "go_sql_in_use_connections" {
			if n := family.GetMetric()[0].GetGauge().GetValue(); n != 1 {
				t.Errorf("%v sessions are in use, want 1", n)
			}
			return
		}
	}
	t.Errorf("no go_sql_in_use_connections in %v", families)
}

func TestMockInPlaceOfTheDriver(t *testing.T) {
	t.Parallel()
	db, mock, err := sqlmock.New()
	if err != nil {
		t.Fatal(err)
	}
	mock.ExpectQuery("SELECT temperature FROM sensor_data").WithArgs("a").
		WillReturnRows(sqlmock.NewRows([]string{"temperature"}).AddRow(23.5))
	if got, err := (&queries{db: db}).lastSample(t.Context(), "a"); err != nil || got.Float64 != 23.5 {
		t.Errorf("%v, %v", got, err)
	}
	type reading struct {
		At time.Time `greptime:"ts,time"`
	}
	if _, err := insert.WriteStructs(t.Context(), db, "t", []reading{{time.Now()}}); err == nil || !strings.Contains(err.Error(), "greptime") {
		t.Errorf("insert.WriteStructs on a mock: %v", err)
	}
	if _, err := greptime.Collect[reading](t.Context(), db, "SELECT ts FROM t"); err == nil || !strings.Contains(err.Error(), "greptime") {
		t.Errorf("Collect on a mock: %v", err)
	}
	mock.ExpectClose()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// Builders that pass arguments find what they are given. Those that write values into the
// text by MySQL's rules change it, or let it out of its quotes.
func TestBuildersPassArguments(t *testing.T) {
	t.Parallel()
	goquSQL := func(prepared bool, device string) (string, []any) {
		query, args, err := goqu.Dialect("mysql").From("sensor_data").Prepared(prepared).
			Select("device_id").Where(goqu.Ex{"device_id": device}).ToSQL()
		if err != nil {
			t.Fatal(err)
		}
		return query, args
	}
	sqlbuilderSQL := func(device string) (string, []any) {
		sb := sqlbuilder.MySQL.NewSelectBuilder()
		return sb.Select("device_id").From("sensor_data").Where(sb.Equal("device_id", device)).Build()
	}
	for name, builder := range map[string]struct {
		attack       string
		build        func(device string) (string, []any)
		interpolated func(device string) (string, []any)
	}{
		"goqu": {
			attack:       "' OR 1 = 1) -- ",
			build:        func(device string) (string, []any) { return goquSQL(true, device) },
			interpolated: func(device string) (string, []any) { return goquSQL(false, device) },
		},
		"go-sqlbuilder": {
			attack: "' OR 1 = 1 -- ",
			build:  sqlbuilderSQL,
			interpolated: func(device string) (string, []any) {
				query, args := sqlbuilderSQL(device)
				text, err := sqlbuilder.MySQL.Interpolate(query, args)
				if err != nil {
					t.Fatal(err)
				}
				return text, nil
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const path = `C:\temp`
			all := []string{builder.attack, path, "other"} // in their order
			db, _ := sensors(t, all...)
			expect := func(query string, args []any, want []string) {
				t.Helper()
				rows, err := db.QueryContext(t.Context(), query, args...)
				got := column(t, rows, err)
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("found %q, want %q: %s", got, want, query)
				}
			}
			for device, interpolated := range map[string][]string{
				"other":        {"other"},
				path:           nil, // is another text
				builder.attack: all, // is SQL
			} {
				query, args := builder.build(device)
				expect(query, args, []string{device})
				query, args = builder.interpolated(device)
				expect(query, args, interpolated)
			}
		})
	}
}
