package flightdecode

import "testing"

func TestBodyLengthIsThatOfRecordedBodies(t *testing.T) {
	t.Parallel()
	for _, exchange := range answers() {
		for i, m := range messagesOf(exchange) {
			var f flatbuffer
			h, err := readHeader(&f, &m)
			if err != nil {
				continue
			}
			switch n, err := BodyLength(m.Header); {
			case h.kind == kindNone:
				if err == nil {
					t.Errorf("%s, message %d: a NONE message has a body of %d bytes", exchange.Name, i, n)
				}
			case err != nil || n != int64(len(m.Body)):
				t.Errorf("%s, message %d: %d bytes, %v; it has %d", exchange.Name, i, n, err, len(m.Body))
			}
		}
	}
}

func TestBodyLengthsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		header []byte
	}{
		{"nothing", nil},
		{"too short", make([]byte, 7)},
		{"an offset beyond the end", []byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}},
		{"fewer bytes than none", messageOf(t, metadataV5, kindRecordBatch, -1, nil)},
		{"a tensor", messageOf(t, metadataV5, kindTensor, 8, nil)},
	} {
		if n, err := BodyLength(c.header); err == nil {
			t.Errorf("%s: %d bytes", c.name, n)
		}
	}
	if n, err := BodyLength(messageOf(t, metadataV5, kindRecordBatch, 1<<62, nil)); err != nil || n != 1<<62 {
		t.Errorf("%d, %v", n, err)
	}
}
