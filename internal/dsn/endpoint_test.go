package dsn

import (
	"errors"
	"testing"
)

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, want string
		err        error
	}{
		{"h", "h:4001", nil},
		{"my_host-1.example.com:04001", "my_host-1.example.com:4001", nil},
		{"[2001:DB8::1]", "[2001:db8::1]:4001", nil},
		{"[fe80::1%eth0]:7", "[fe80::1%eth0]:7", nil},
		{"unix:4001", "unix:4001", nil}, // a host
		{"unix:/run/g.sock", "unix:/run/g.sock", nil},
		{"unix:///run/g.sock", "unix:/run/g.sock", nil},
		{"unix:@g", "unix:@g", nil},
		{"", "", errEndpointEmpty},
		{":1", "", errEndpointHost},
		{"h h:1", "", errEndpointHost},
		{"::1", "", errEndpointBrackets},
		{"[::1", "", errEndpointBrackets},
		{"[::1]1", "", errEndpointBrackets},
		{"[1.2.3.4]:1", "", errEndpointBrackets},
		{"[fe80::1%e th]:1", "", errEndpointBrackets},
		{"h:", "", errEndpointPort},
		{"h:0", "", errEndpointPort},
		{"h:65536", "", errEndpointPort},
		{"unix:", "", errEndpointSocket},
		{"unix:@", "", errEndpointSocket},
		{"unix:////run", "", errEndpointSocket},
		{"unix:/a\nb", "", errEndpointSocket},
	} {
		if got, err := ParseEndpoint(test.text); got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%q is %q, error %v; want %q, error %v", test.text, got, err, test.want, test.err)
		}
	}
}

func FuzzParseEndpoint(f *testing.F) {
	for _, text := range []string{"h", "h:1", "[::1]", "[fe80::1%eth0]:7", "unix:/run/g.sock", "unix:@g", "unix:1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		endpoint, err := ParseEndpoint(text)
		if err != nil {
			return
		}
		if again, err := ParseEndpoint(endpoint); err != nil || again != endpoint {
			t.Errorf("%q is %q, which is read as %q, error %v", text, endpoint, again, err)
		}
	})
}
