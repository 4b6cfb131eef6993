package backoff

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestDoubledUpToTheMost(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]time.Duration{0: 3, 1: 3, 2: 6, 3: 12, 4: 20, 5: 20, math.MaxInt: 20} {
		if got := Doubled(3, 20, n); got != want {
			t.Errorf("after %d failures: %d, want %d", n, got, want)
		}
	}
}

func TestPauseIsBetweenHalfAndAll(t *testing.T) {
	t.Parallel()
	p := Policy{Min: 100, Max: 1000}
	least, most := p.Pause(2), p.Pause(2)
	for range 10_000 {
		d := p.Pause(2)
		least, most = min(least, d), max(most, d)
	}
	if least < 100 || least > 110 || most < 190 || most > 200 {
		t.Errorf("pauses from %d to %d, want 100 to 200", least, most)
	}
}

func TestNextEndsWithItsTime(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		tryFor, passed time.Duration
		want           bool
	}{
		{time.Minute, 0, true},
		{time.Minute, 58 * time.Second, true},
		{time.Minute, 60 * time.Second, false},
		{-1, 0, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, err := Policy{For: test.tryFor, Max: time.Second}.WithDefaults()
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			Sleep(test.passed, nil)
			if pause, ok := p.Next(begun, 100); ok != test.want || pause < 500*time.Millisecond || pause > time.Second {
				t.Errorf("For %v, after %v: %v, %v, want %v", test.tryFor, test.passed, pause, ok, test.want)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ in, want Policy }{
		{Policy{}, Policy{time.Minute, 100 * time.Millisecond, 10 * time.Second}},
		{Policy{For: -1, Min: time.Minute}, Policy{-1, time.Minute, time.Minute}},
		{Policy{For: 3, Min: 1, Max: 2}, Policy{3, 1, 2}},
	} {
		if got, err := test.in.WithDefaults(); err != nil || got != test.want {
			t.Errorf("%+v: %+v, %v, want %+v", test.in, got, err, test.want)
		}
	}
	for _, p := range []Policy{{Min: -1}, {Max: -1}} {
		if _, err := p.WithDefaults(); err == nil {
			t.Errorf("%+v is accepted", p)
		}
	}
}

func TestSleepEndsEarly(t *testing.T) {
	t.Parallel()
	ready := make(chan struct{})
	close(ready)
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		Sleep(time.Hour, ready)
		if d := time.Since(begun); d != 0 {
			t.Errorf("it slept %v", d)
		}
	})
}
