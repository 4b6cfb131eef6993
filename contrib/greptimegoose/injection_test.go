package greptimegoose

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/pressly/goose/v3/database"

	_ "github.com/greptime-go/greptime/driver"
	"github.com/greptime-go/greptime/internal/test/sqlshape"
)

// TestHostileNamesOfTheVersionTableRemainNames gives the store hostile names of its table.
func TestHostileNamesOfTheVersionTableRemainNames(t *testing.T) {
	t.Parallel()
	r := sqlshape.Record(t)
	db, err := sql.Open("greptime", r.DSN("insert=sql"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r.Check(t, "the version table", sqlshape.Hostile(), func(name string) error {
		s := NewStore(name)
		_, exists := s.TableExists(t.Context(), db)
		return errors.Join(exists, s.CreateVersionTable(t.Context(), db), s.Insert(t.Context(), db, database.InsertRequest{Version: 1}), s.Delete(t.Context(), db, 1))
	})
}
