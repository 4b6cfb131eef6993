package structs

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/greptime-go/greptime/internal/column"
)

// foreignTag refuses a tag with ; or :, with which greptimedb-ingester-go and GORM separate
// their options. It would be a column of that name, without a role. The error shows the tag
// in the syntax of this package.
func foreignTag(f reflect.StructField, text string) error {
	return fmt.Errorf("the tag %q has a ';' or ':', but options are separated by ',' and take '='; write `greptime:%q`", text, translateTag(f, text))
}

// translateTag translates a tag of the form "tag;column:id;type:int64" to the syntax of this
// package.
func translateTag(f reflect.StructField, text string) string {
	name, role, typeName, precision := "", "", "", ""
	for part := range strings.SplitSeq(text, ";") {
		key, value, _ := strings.Cut(part, ":")
		value = strings.TrimSpace(value)
		switch key = strings.TrimSpace(key); strings.ToLower(key) {
		case "column":
			name = value
		case "tag", "field":
			role = strings.ToLower(key)
		case "timestamp", "time":
			role = "time"
		case "type":
			typeName = value
		case "precision":
			precision = value
		default:
			if name == "" && value == "" && key != "-" {
				name = key
			}
		}
	}
	if name == "" {
		name = snakeCase(f.Name) // as greptimedb-ingester-go names columns
	}
	options := []string{name}
	if role != "" && role != "field" {
		options = append(options, role)
	}
	if typeName != "" || role == "time" {
		options = append(options, translateType(f.Type, typeName, precision)...)
	}
	return strings.Join(options, ",")
}

// translateType returns the options for a type of greptimedb-ingester-go, or none if it is
// the default of the Go type.
func translateType(rt reflect.Type, name, precision string) []string {
	name = strings.ToLower(name)
	switch name {
	case "int", "uint", "float": // they have 64 bits there
		name += "64"
	case "bytes":
		name = "binary"
	case "json2":
		name = "json"
	case "datetime":
		name, precision = "timestamp", "microsecond"
	case "":
		name = "timestamp"
	}
	if unit, ok := strings.CutPrefix(name, "timestamp_"); ok {
		name, precision = "timestamp", unit
	}
	var options []string
	if !isDefaultType(rt, name) {
		options = append(options, "type="+name)
	}
	if digits, ok := map[string]string{"second": "0", "microsecond": "6", "nanosecond": "9"}[strings.ToLower(precision)]; ok && name == "timestamp" {
		options = append(options, "precision="+digits)
	}
	return options
}

// isDefaultType reports whether a column type is the default of the Go type.
func isDefaultType(rt reflect.Type, name string) bool {
	usual, err := defaultType(rt)
	if err != nil {
		return false
	}
	a, errA := column.ParseType(usual)
	b, errB := column.ParseType(name)
	return usual == name || errA == nil && errB == nil && a == b
}

// snakeCase returns the name of a Go field in lower case, with _ between its words.
func snakeCase(name string) string {
	runes := []rune(name)
	var b strings.Builder
	for i, r := range runes {
		startsWord := unicode.IsUpper(r) && i > 0 &&
			(!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if startsWord && runes[i-1] != '_' {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
