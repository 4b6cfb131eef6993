package load

import (
	"testing"

	"github.com/greptime-go/greptime/internal/test/sqlshape"
)

// TestHostileNamesRemainNames gives the statement that makes a table hostile names of the table
// and of columns, which come from the header of a file.
func TestHostileNamesRemainNames(t *testing.T) {
	t.Parallel()
	statement := func(name string) string {
		return createTable(name, []Column{
			{Name: name, Type: typeString, Role: Tag},
			{Name: name + "\x00", Type: timestampOf(0), Role: TimeIndex},
			{Name: "v" + name, Type: typeDouble},
		}, true)
	}
	want := sqlshape.Of(statement("plain")).Tokens
	for _, name := range sqlshape.Hostile() {
		if got := sqlshape.Of(statement(name)).Tokens; got != want {
			t.Errorf("%q: %s\nis read as %s\nand that of a plain name as %s", name, statement(name), got, want)
		}
	}
}
