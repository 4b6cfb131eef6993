package recordbatch

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/column"
)

// convertDictionary returns the column of a dictionary array.
func convertDictionary(t column.Type, a *array.Dictionary) (Column, error) {
	if a.Len() == 0 { // it need not have a dictionary
		return NewColumn(t, 0), nil
	}
	values, err := convert(t, a.Dictionary())
	if err != nil {
		var bad *RowError
		if errors.As(err, &bad) {
			for row := range a.Len() {
				if a.IsValid(row) && a.GetValueIndex(row) == bad.Row {
					return Column{}, &RowError{row, bad.Err}
				}
			}
			return Column{}, fmt.Errorf("value %d of the dictionary: %w", bad.Row, bad.Err)
		}
		return Column{}, err
	}
	rows := make([]int, a.Len())
	for i := range rows {
		rows[i] = -1
		if !a.IsNull(i) {
			if rows[i] = a.GetValueIndex(i); rows[i] < 0 || rows[i] >= a.Dictionary().Len() {
				return Column{}, &RowError{i, fmt.Errorf("index %d is beyond the dictionary, which has %d values", rows[i], a.Dictionary().Len())}
			}
		}
	}
	return values.take(rows)
}

// convertRuns returns the column of a run-end encoded array.
func convertRuns(t column.Type, a *array.RunEndEncoded) (Column, error) {
	values, err := convert(t, a.Values())
	if err != nil {
		var bad *RowError
		if errors.As(err, &bad) {
			return Column{}, fmt.Errorf("the value of run %d: %w", bad.Row, bad.Err)
		}
		return Column{}, err
	}
	rows := make([]int, a.Len())
	for i := range rows {
		rows[i] = a.GetPhysicalIndex(i)
	}
	return values.take(rows)
}
