package dsn

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// none is the text of the duration 0.
const none = "none"

// CheckWord returns an error if value is not one of words.
func CheckWord(value string, words ...string) error {
	if !slices.Contains(words, value) {
		return fmt.Errorf("%q is not one of %s", value, strings.Join(words, ", "))
	}
	return nil
}

// ParseBool reports whether value is yes; it must be no or yes.
func ParseBool(value, no, yes string) (bool, error) { return value == yes, CheckWord(value, no, yes) }

// ParseDuration reads a duration above 0.
func ParseDuration(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a positive duration; write it like 500ms, 30s or 2m", value)
	}
	return d, nil
}

// ParseDurationOrNone reads a duration above 0, or none, which is 0.
func ParseDurationOrNone(value string) (time.Duration, error) {
	if value == none {
		return 0, nil
	}
	return ParseDuration(value)
}

// FormatDurationOrNone returns the text that ParseDurationOrNone reads.
func FormatDurationOrNone(d time.Duration) string {
	if d == 0 {
		return none
	}
	return d.String()
}

var sizeUnits = []struct {
	suffix string
	bytes  int
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

var errSizeRange = errors.New("a message size must be at least 1 byte and less than 2GiB")

// CheckSize returns an error if a number of bytes is beyond what ParseSize accepts. 0 is not.
func CheckSize(size int) error {
	if size < 0 || size > math.MaxInt32 {
		return errSizeRange
	}
	return nil
}

// ParseSize reads the size of a message: bytes, or a whole number of KiB, MiB or GiB.
func ParseSize(text string) (int, error) {
	digits, unit := text, 1
	for _, u := range sizeUnits {
		if number, ok := strings.CutSuffix(text, u.suffix); ok {
			digits, unit = number, u.bytes
		}
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0, fmt.Errorf("%q is not a size; write bytes, or a whole number of KiB, MiB or GiB, like 64MiB", text)
	}
	if err != nil || n == 0 || n > uint64(math.MaxInt32/unit) {
		return 0, errSizeRange
	}
	return int(n) * unit, nil
}

// FormatSize returns the text that ParseSize reads, in the largest unit that fits.
func FormatSize(size int) string {
	for _, unit := range sizeUnits {
		if size%unit.bytes == 0 {
			return strconv.Itoa(size/unit.bytes) + unit.suffix
		}
	}
	return strconv.Itoa(size)
}
