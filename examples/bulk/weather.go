package main

import "github.com/greptime-go/greptime/examples/internal/weather"

// hour is the weather of an airport.
type hour = weather.Row

// year is the rows that there are.
type year []hour

// row returns row i of any number: the year's, then those again as of the years after.
func (y year) row(i int) hour {
	h := y[i%len(y)]
	h.TS = h.TS.AddDate(i/len(y), 0, 0)
	return h
}

func readWeather() (year, error) { return weather.Rows() }
