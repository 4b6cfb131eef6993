module github.com/greptime-go/greptime/integration

go 1.26.0

require github.com/greptime-go/greptime v0.0.0

replace github.com/greptime-go/greptime => ../

require github.com/greptime-go/greptime/greptimetest v0.0.0

replace github.com/greptime-go/greptime/greptimetest => ../greptimetest
