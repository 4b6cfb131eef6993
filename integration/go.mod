module github.com/greptime-go/greptime/integration

go 1.26.0

require (
	github.com/GreptimeTeam/greptimedb-ingester-go v0.7.3
	github.com/greptime-go/greptime v0.0.0
	github.com/greptime-go/greptime/greptimetest v0.0.0
	github.com/jmoiron/sqlx v1.4.0
	go.uber.org/goleak v1.3.0
)

replace (
	github.com/greptime-go/greptime => ../
	github.com/greptime-go/greptime/greptimetest => ../greptimetest
)
