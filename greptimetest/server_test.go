package greptimetest_test

import (
	"testing"

	"github.com/greptime-go/greptime/greptimetest"
)

func TestQuickstart(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	c := dial(t, s)
	if a := c.sql(t, `CREATE TABLE IF NOT EXISTS sensor_data (
		device_id STRING, ts TIMESTAMP TIME INDEX, temperature DOUBLE, PRIMARY KEY(device_id))`); a.affected != 0 {
		t.Errorf("CREATE TABLE affected %d rows", a.affected)
	}
	if a := c.sql(t, `INSERT INTO sensor_data VALUES ('d1', '2024-01-01T00:00:00Z', 21.5), ('d1', '2024-01-01T00:00:30Z', 22.5), ('d2', 1704067260000, NULL)`); a.affected != 3 {
		t.Errorf("INSERT affected %d rows", a.affected)
	}
	for _, tt := range []struct{ sql, want string }{
		{`SELECT device_id, ts, temperature FROM sensor_data ORDER BY ts LIMIT 1`, "d1|1704067200000|21.5 4035800000000000"},
		{`SELECT count(*) FROM sensor_data WHERE ts >= '2024-01-01 00:00:30'`, "2"},
		{`SELECT date_bin(INTERVAL '1 minute', ts) AS minute, device_id, avg(temperature) FROM sensor_data GROUP BY minute, device_id ORDER BY minute`,
			"1704067200000|d1|22 4036000000000000\n1704067260000|d2|NULL"},
		{`SHOW TABLES`, "sensor_data"},
		{`SHOW DATABASES`, "greptime_private\ninformation_schema\npublic"},
		{`DESC sensor_data`, "device_id|String|PRI|YES||TAG\nts|TimestampMillisecond|PRI|NO||TIMESTAMP\ntemperature|Float64||YES||FIELD"},
	} {
		if got := c.sql(t, tt.sql).text(); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.sql, got, tt.want)
		}
	}
	if a := c.try(t, `SELECT * FROM nothing`); a.errCode != "4001" {
		t.Errorf("missing table: %v", a.err())
	}
	if a := c.sql(t, `EXPLAIN SELECT * FROM sensor_data`); len(a.rows) != 2 || !validJSON(a.metrics) {
		t.Errorf("EXPLAIN: %v, metrics %q", a.rows, a.metrics)
	}
}
