package weather

import (
	"context"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

// Row is an [Hour] as a row of a table. Its tags are the table's columns.
type Row struct {
	Origin    string    `greptime:"origin,tag"`
	Temp      *float64  `greptime:"temp"`       // °F
	DewPoint  *float64  `greptime:"dewp"`       // °F
	Humidity  *float64  `greptime:"humid"`      // %
	WindDir   *float64  `greptime:"wind_dir"`   // °
	WindSpeed *float64  `greptime:"wind_speed"` // mph
	WindGust  *float64  `greptime:"wind_gust"`  // mph
	Precip    *float64  `greptime:"precip"`     // inches
	Pressure  *float64  `greptime:"pressure"`   // mbar
	Visib     *float64  `greptime:"visib"`      // miles
	TS        time.Time `greptime:"ts,time,precision=0"`
}

// Rows returns all hours as rows.
func Rows() ([]Row, error) {
	hours, err := Read()
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(hours))
	for i, h := range hours {
		m := h.Measurements
		rows[i] = Row{h.Airport, m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8], h.At}
	}
	return rows, nil
}

// Load writes all hours to the table weather, which the first row creates.
func Load(ctx context.Context, pool greptime.Pool) (rows int64, err error) {
	list, err := Rows()
	if err != nil {
		return 0, err
	}
	return insert.WriteStructs(ctx, pool, "weather", list)
}
