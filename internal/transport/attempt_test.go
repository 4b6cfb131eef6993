package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type pickerFunc func() error

func (p pickerFunc) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{}, p()
}

// Of several attempts the last counts: gRPC makes another one only if the one before was not
// processed.
func TestTheLastAttemptDecidesWhetherACallWasSent(t *testing.T) {
	t.Parallel()
	none := errors.New("no connection")
	for _, test := range []struct {
		picks []error
		begun bool
		sent  bool
	}{
		{nil, false, false},
		{nil, true, true}, // the picker is another one
		{[]error{none}, false, false},
		{[]error{nil}, false, false}, // without a stream
		{[]error{nil}, true, true},
		{[]error{nil, none}, true, false},
		{[]error{nil, balancer.ErrNoSubConnAvailable}, true, false},
		{[]error{nil, none, nil}, true, true},
	} {
		c := &connection{}
		a := &attempt{Context: t.Context()}
		if test.begun && len(test.picks) == 0 {
			a.begin(c)
		}
		for i, err := range test.picks {
			ctx, cancel := context.WithCancel(a) // as gRPC does
			if _, got := (attemptPicker{pickerFunc(func() error { return err })}).Pick(balancer.PickInfo{Ctx: ctx}); got != err {
				t.Errorf("picked with %v, want %v", got, err)
			}
			cancel()
			if i == 0 && test.begun {
				a.begin(c)
			}
		}
		for _, code := range []codes.Code{codes.Unavailable, codes.Canceled, codes.DeadlineExceeded} {
			if got := a.sent(c, status.New(code, "")); got != test.sent {
				t.Errorf("picks %v, begun %v, %v: sent is %v, want %v", test.picks, test.begun, code, got, test.sent)
			}
		}
	}
}

// A call that an interceptor repeats may have been sent before, wherever the last attempt ended.
func TestACallThatIsMarshalledAgainWasSent(t *testing.T) {
	t.Parallel()
	c := &connection{}
	a := &attempt{Context: t.Context()}
	for i, err := range []error{nil, errors.New("no connection")} {
		_, _ = attemptPicker{pickerFunc(func() error { return err })}.Pick(balancer.PickInfo{Ctx: a})
		a.marshal(c)
		if got, want := a.sent(c, status.New(codes.Unavailable, "")), true; got != want {
			t.Errorf("attempt %d: sent is %v, want %v", i+1, got, want)
		}
	}
}

// DATA frames are counted wherever writes split the bytes.
func TestDataFramesAreCounted(t *testing.T) {
	t.Parallel()
	frame := func(length int, typ byte) string {
		return string([]byte{byte(length >> 16), byte(length >> 8), byte(length), typ, 0, 0, 0, 0, 1}) + strings.Repeat("\x00", length)
	}
	text := clientPreface + frame(12, 4) + frame(300, 1) + frame(0, 0) + frame(70000, 0) + frame(4, 8) + frame(1, 0) + frame(8, 6)
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		f := frames{skip: len(clientPreface)}
		var n uint64
		for rest := []byte(text); len(rest) > 0; {
			cut := min(len(rest), 1+r.IntN(1<<r.IntN(17)))
			n += f.data(rest[:cut])
			rest = rest[cut:]
		}
		if n != 3 {
			t.Fatalf("seed %d: %d DATA frames, want 3", seed, n)
		}
	}
}
