package greptimetest_test

import (
	"database/sql"
	"fmt"
	"log"

	_ "github.com/greptime-go/greptime/driver"
	"github.com/greptime-go/greptime/greptimetest"
)

func ExampleNew() {
	s, err := greptimetest.New(greptimetest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	db, err := sql.Open("greptime", s.DSN())
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	for _, q := range []string{
		`CREATE TABLE sensor_data (device STRING, ts TIMESTAMP TIME INDEX, temperature DOUBLE, PRIMARY KEY(device))`,
		`INSERT INTO sensor_data VALUES ('d1', '2024-01-01T00:00:00Z', 21.5), ('d1', '2024-01-01T00:01:00Z', 22.5)`,
	} {
		if _, err := db.Exec(q); err != nil {
			log.Fatal(err)
		}
	}
	var avg float64
	if err := db.QueryRow(`SELECT avg(temperature) FROM sensor_data WHERE device = ?`, "d1").Scan(&avg); err != nil {
		log.Fatal(err)
	}
	fmt.Println(avg)
	// Output: 22
}

func ExampleServer_Inject() {
	s, err := greptimetest.New(greptimetest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	db, err := sql.Open("greptime", s.DSN())
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	s.Inject(greptimetest.Fault{Method: "DoGet", Requests: 1, Code: 1003, Message: "as if a disk were full"})
	_, err = db.Exec(`CREATE DATABASE metrics`)
	fmt.Println(err != nil)
	_, err = db.Exec(`CREATE DATABASE metrics`)
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}
