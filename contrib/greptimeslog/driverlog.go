package greptimeslog

import (
	"log/slog"
	"runtime"
	"slices"
	"strings"
)

// driverPrefix begins the messages of the driver's records.
const driverPrefix = "greptime: "

// driverModule is the driver's module. Modules below it, such as this one, are not the driver.
const driverModule = "github.com/greptime-go/greptime"

// driverPackages are the packages of driverModule and the folders of such: "" is its root.
var driverPackages = []string{"", "bulk", "calltrace", "driver", "flightdecode", "insert", "internal", "sqltype"}

// isDrivers reports whether the driver made the record. It may have gone through package log:
// slog's first default logger writes there, and slog.SetDefault makes package log write to the
// new one.
func isDrivers(record slog.Record) bool {
	message, throughLog := record.Message, false
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if rest, ok := strings.CutPrefix(message, level.String()+" "); ok {
			message, throughLog = rest, true
		}
	}
	if !strings.HasPrefix(message, driverPrefix) {
		return false
	}
	if throughLog || record.PC == 0 {
		return true
	}
	frame, _ := runtime.CallersFrames([]uintptr{record.PC}).Next()
	rest, ok := strings.CutPrefix(frame.Function, driverModule)
	if !ok {
		return false
	}
	// The rest is .Function, /package.Function or /internal/package.Function.
	first, _, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	first, _, _ = strings.Cut(first, ".")
	return slices.Contains(driverPackages, first)
}
