module github.com/greptime-go/greptime/examples

go 1.26.0

require (
	github.com/apache/arrow-go/v18 v18.8.0
	github.com/greptime-go/greptime v0.0.0
	github.com/greptime-go/greptime/greptimetest v0.0.0
	github.com/guptarohit/asciigraph v0.7.3
	github.com/jmoiron/sqlx v1.4.0
	github.com/schollz/progressbar/v3 v3.19.1
)

replace (
	github.com/greptime-go/greptime => ../
	github.com/greptime-go/greptime/greptimetest => ../greptimetest
)
