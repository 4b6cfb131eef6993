// Gorm stores and finds models with GORM, by the dialector in contrib/greptimegorm.
//
//	go run ./examples/gorm
//
// It starts a GreptimeDB-compatible server in the process; set GREPTIME_DSN, as to
// greptime://localhost:4001, to use yours.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/greptime-go/greptime/contrib/greptimegorm"
	"github.com/greptime-go/greptime/examples/internal/demo"
	"github.com/greptime-go/greptime/examples/internal/weather"
)

const about = `
Stores and finds models with GORM: a table from a struct, batches, queries, a row replaced
and a row deleted.`

// Hour is a model. Its primary key is what identifies a row: the tags and the time.
type Hour struct {
	Origin string    `gorm:"primaryKey"`
	TS     time.Time `gorm:"primaryKey;timeIndex;precision:3"`
	Temp   *float64
	Gust   *float64
}

func main() { demo.Main(about, "greptime_gorm", run) }

func run(ctx context.Context, own *demo.Database) error {
	db, err := gorm.Open(greptimegorm.Open(own.DSN()))
	if err != nil {
		return err
	}
	pool, err := db.DB()
	if err != nil {
		return err
	}
	defer pool.Close()
	db = db.WithContext(ctx)

	// The driver sends batches as native row inserts.
	hours, err := readHours()
	if err != nil {
		return err
	}
	if err := db.Set("gorm:table_options", "WITH ('ttl'='forever')").AutoMigrate(&Hour{}); err != nil {
		return err
	}
	if err := db.CreateInBatches(hours, 5000).Error; err != nil {
		return err
	}
	var count int64
	if err := db.Model(&Hour{}).Count(&count).Error; err != nil {
		return err
	}
	fmt.Printf("Table hours has %d rows\n", count)

	var means []struct {
		Origin string
		Mean   float64
	}
	summer := time.Date(2013, 6, 1, 0, 0, 0, 0, time.UTC)
	err = db.Model(&Hour{}).Select(`origin, avg("temp") AS mean`).
		Where("ts >= ? AND ts < ?", summer, summer.AddDate(0, 3, 0)).
		Group("origin").Order("origin").Scan(&means).Error
	if err != nil {
		return err
	}
	for _, m := range means {
		fmt.Printf("Mean of the summer at %s: %.1f °F\n", m.Origin, m.Mean)
	}
	return change(db)
}

// change replaces a row and deletes it. GreptimeDB has no UPDATE: the same key replaces.
func change(db *gorm.DB) error {
	var first Hour
	if err := db.Where("origin = ?", "JFK").Order("ts").First(&first).Error; err != nil {
		return err
	}
	corrected := *first.Temp + 1
	first.Temp = &corrected
	if err := db.Save(&first).Error; err != nil {
		return err
	}
	var again Hour
	if err := db.Take(&again, "origin = ? AND ts = ?", first.Origin, first.TS).Error; err != nil {
		return err
	}
	fmt.Printf("Save replaced the row of %s: %.2f °F\n", again.TS.Format(time.DateTime), *again.Temp)

	err := db.Model(&first).Update("Temp", 0).Error
	fmt.Printf("Update is an error (%t), which says what to do\n", errors.Is(err, greptimegorm.ErrNoUpdate))

	result := db.Delete(&first)
	fmt.Printf("Delete removed %d row\n", result.RowsAffected)
	return result.Error
}

func readHours() ([]Hour, error) {
	rows, err := weather.Rows()
	if err != nil {
		return nil, err
	}
	hours := make([]Hour, len(rows))
	for i, r := range rows {
		hours[i] = Hour{r.Origin, r.TS, r.Temp, r.WindGust}
	}
	return hours, nil
}
