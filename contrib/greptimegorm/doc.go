// Package greptimegorm is a GORM dialector for GreptimeDB.
//
//	type Reading struct {
//		Device string    `gorm:"primaryKey"`
//		At     time.Time `gorm:"primaryKey;timeIndex"`
//		Value  float64
//	}
//
//	db, err := gorm.Open(greptimegorm.Open("greptime://localhost:4001/public"))
//	err = db.AutoMigrate(&Reading{})
//
// # Models
//
// The primary key of a model is what identifies a row in GreptimeDB: its tags and its time. So
// every model has one field with both primaryKey and timeIndex, and each other field with
// primaryKey is a tag. Times are TIMESTAMP(9) unless the field has a precision, so that a
// time.Time is found again by its value.
//
// # Statements
//
// Create and CreateInBatches are INSERTs, which the driver sends as native row inserts. A row
// with the same tags and time is replaced, so Create with OnConflict{UpdateAll: true} and Save
// are plain INSERTs. Delete deletes by the whole key, or by conditions. Everything that reads
// (Find, Where, Group, Joins, Raw) is as with other databases, but First and Last order by time
// if the key has several columns.
//
// GreptimeDB has no UPDATE, no transactions, no locks, no generated keys and no unique indexes. What
// needs one is an error that says what to do instead. Foreign keys are not created. GORM's
// transaction around each write is off.
package greptimegorm
