package main

import (
	"time"

	"github.com/greptime-go/greptime/examples/internal/weather"
)

// hour is the weather of an airport. Its tags are the table's columns.
type hour struct {
	Origin    string    `greptime:"origin,tag"`
	Temp      *float64  `greptime:"temp"`
	DewPoint  *float64  `greptime:"dewp"`
	Humidity  *float64  `greptime:"humid"`
	WindDir   *float64  `greptime:"wind_dir"`
	WindSpeed *float64  `greptime:"wind_speed"`
	WindGust  *float64  `greptime:"wind_gust"`
	Precip    *float64  `greptime:"precip"`
	Pressure  *float64  `greptime:"pressure"`
	Visib     *float64  `greptime:"visib"`
	TS        time.Time `greptime:"ts,time,precision=0"`
}

// year is the rows that there are.
type year []hour

// row is row i of as many as are asked for: the year's, then those again as of the years
// after.
func (y year) row(i int) hour {
	h := y[i%len(y)]
	h.TS = h.TS.AddDate(i/len(y), 0, 0)
	return h
}

func readWeather() (year, error) {
	hours, err := weather.Read()
	if err != nil {
		return nil, err
	}
	rows := make(year, len(hours))
	for i, h := range hours {
		m := h.Measurements
		rows[i] = hour{h.Airport, m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8], h.At}
	}
	return rows, nil
}
