package rowvalue

import (
	"errors"
	"fmt"
)

// Match finds the columns of a table that the arguments of an AppendColumns are for. read
// returns name and values of an argument; index returns the place of a column by its name.
// Match returns the values for each of the table's columns, nil for a column that is not
// given, and the number of rows. The error is the reason why the columns do not match.
func Match[C any](given []C, read func(C) (string, Values), columns int, index func(name string) (int, bool)) ([]Values, int, error) {
	if len(given) == 0 {
		return nil, 0, errors.New("AppendColumns was called without columns")
	}
	list := make([]Values, columns)
	rows, first := 0, ""
	for i, c := range given {
		name, values := read(c)
		at, ok := index(name)
		if !ok {
			return nil, 0, fmt.Errorf("the table has no column %q", name)
		}
		if i == 0 {
			rows, first = values.Len(), name
		}
		switch {
		case list[at] != nil:
			return nil, 0, fmt.Errorf("duplicate column %q", name)
		case values.Len() != rows:
			return nil, 0, fmt.Errorf("column %q has %d values, column %q has %d", name, values.Len(), first, rows)
		}
		list[at] = values
	}
	return list, rows, nil
}
