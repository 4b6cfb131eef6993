package schema

import (
	"encoding/binary"
	"math"
	"strings"
)

// ParseVector reads [1,2.5] into little-endian float32.
func ParseVector(text string, dim int) (any, error) {
	fail := func(reason string) (any, error) {
		return nil, Errorf(InvalidArguments, "Invalid Vector: Failed to parse %s to Vector value: %s", text, reason)
	}
	s := strings.TrimSpace(text)
	if !strings.HasPrefix(s, "[") || !strings.HasSuffix(s, "]") || len(s) < 2 {
		return fail("not properly enclosed in brackets")
	}
	b := []byte{}
	if s = strings.TrimSpace(s[1 : len(s)-1]); s != "" {
		for e := range strings.SplitSeq(s, ",") {
			f, err := ParseFloat(strings.TrimSpace(e), 32)
			if err != nil {
				return fail("elements are not f32")
			}
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(f)))
		}
	}
	if dim >= 0 && len(b) != dim*4 {
		return fail("wrong dimension")
	}
	return b, nil
}
