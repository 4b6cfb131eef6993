package greptimemigrate

import (
	"errors"
	"testing"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/sqlshape"
)

// TestHostileNamesOfTheVersionTableRemainNames gives the driver hostile names of its table.
func TestHostileNamesOfTheVersionTableRemainNames(t *testing.T) {
	t.Parallel()
	r := sqlshape.Record(t)
	r.Check(t, "the version table", sqlshape.Hostile(), func(name string) error {
		cfg, err := greptime.ParseDSN(r.DSN("insert=sql"))
		if err != nil {
			return err
		}
		connector, err := greptime.NewConnector(cfg)
		if err != nil {
			return err
		}
		d, err := WithConnector(connector, Config{Table: name})
		if err != nil {
			return errors.Join(err, connector.Close())
		}
		return errors.Join(d.Lock(), d.SetVersion(1, true), d.Unlock(), d.Close())
	})
}
