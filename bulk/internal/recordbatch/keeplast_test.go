package recordbatch

import (
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
)

func TestKeysOfEveryTypeAreToldApart(t *testing.T) {
	t.Parallel()
	table, err := catalog.NewTable("t", []catalog.Column{
		{Name: "b", Type: column.Of(column.Boolean), Role: catalog.Tag, Nullable: true},
		{Name: "x", Type: column.Of(column.String), Role: catalog.Tag, Nullable: true},
		{Name: "y", Type: column.Of(column.String), Role: catalog.Tag, Nullable: true},
		{Name: "ts", Type: column.Of(column.TimestampSecond), Role: catalog.TimeIndex},
		{Name: "n", Type: column.Of(column.Int32), Nullable: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]any{{true, "a", "b"}, {false, "a", "b"}, {nil, "a", "b"}, {nil, "ab", ""}, {nil, "", "ab"}, {nil, nil, "ab"}, {false, "a", "b"}}
	types := make([]column.Type, len(table.Columns))
	for i, c := range table.Columns {
		types[i] = c.Type
	}
	for i := range rows {
		rows[i] = append(rows[i], 1, i)
	}
	columns, n, err := KeepLast(table, columnsOf(t, types, rows...), len(rows))
	if err != nil || n != 6 {
		t.Fatalf("KeepLast: got %d rows, %v; want 6", n, err)
	}
	got := readBack(t, None, n, columns).Column(4).(*array.Int32).Int32Values()
	if want := []int32{0, 2, 3, 4, 5, 6}; !slices.Equal(got, want) {
		t.Errorf("KeepLast: got rows %v, want %v", got, want)
	}
	same, n, err := KeepLast(table, columns, n)
	if err != nil || n != 6 || &same[0] != &columns[0] {
		t.Errorf("KeepLast without repeated keys: got %d rows, %v; want the columns it was given", n, err)
	}
}
