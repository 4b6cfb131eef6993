package measure

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// Machine is where and with what something was measured.
type Machine struct {
	CPU     string            `json:"cpu"`
	CPUs    int               `json:"cpus"`
	Memory  string            `json:"memory"`
	System  string            `json:"system"`
	Go      string            `json:"go"`
	Modules map[string]string `json:"modules"` // those that are compared or carry the bytes
	Load    string            `json:"load"`    // the system's load when it began
}

// ThisMachine describes the machine, as far as the system tells.
func ThisMachine() Machine {
	m := Machine{CPUs: runtime.NumCPU(), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, Modules: map[string]string{}}
	m.CPU = procField("/proc/cpuinfo", "model name")
	if kB, err := strconv.Atoi(strings.TrimSuffix(procField("/proc/meminfo", "MemTotal"), " kB")); err == nil {
		m.Memory = strconv.Itoa((kB+1<<19)>>20) + " GiB"
	}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.System += ", Linux " + strings.TrimSpace(string(b))
	}
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load, _, _ = strings.Cut(string(b), " ")
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if interesting[d.Path] {
				m.Modules[d.Path] = d.Version
			}
		}
	}
	return m
}

var interesting = map[string]bool{
	"github.com/GreptimeTeam/greptimedb-ingester-go": true,
	"github.com/InfluxCommunity/influxdb3-go/v2":     true,
	"github.com/apache/arrow-go/v18":                 true,
	"github.com/apache/arrow/go/v17":                 true,
	"github.com/duckdb/duckdb-go/v2":                 true,
	"github.com/go-sql-driver/mysql":                 true,
	"github.com/jackc/pgx/v5":                        true,
	"google.golang.org/grpc":                         true,
	"google.golang.org/protobuf":                     true,
}

// procField is the first value of a field in a file of lines "name: value".
func procField(file, name string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if field, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(field) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
