package semaphore

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// acquire asks for n bytes on a goroutine of its own, and returns where the error comes.
// It waits until the goroutine is done or waits.
func acquire(ctx context.Context, b *Bytes, n int64) <-chan error {
	done := make(chan error, 1)
	go func() { done <- b.Acquire(ctx, n, nil) }()
	synctest.Wait()
	return done
}

// has checks that a call of Acquire has returned want.
func has(t *testing.T, what string, done <-chan error, want error) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-done:
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	default:
		t.Fatalf("%s: still waits, want %v", what, want)
	}
}

func waits(t *testing.T, what string, done <-chan error) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-done:
		t.Fatalf("%s: %v, want that it waits", what, err)
	default:
	}
}

func isEmpty(t *testing.T, b *Bytes) {
	t.Helper()
	if b.Held() != 0 || b.Pinned() != 0 || b.Waiting() != 0 {
		t.Errorf("%d bytes held, %d pinned, %d wait, want none", b.Held(), b.Pinned(), b.Waiting())
	}
}

func TestRoomIsGivenInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &Bytes{Limit: 100}
		has(t, "the first", acquire(t.Context(), b, 60), nil)
		gone, cancel := context.WithCancel(t.Context())
		impatient := acquire(gone, b, 50)
		large := acquire(t.Context(), b, 500) // more than there is: alone
		small := acquire(t.Context(), b, 10)
		if b.Waiting() != 3 {
			t.Errorf("%d wait, want 3", b.Waiting())
		}
		cancel()
		has(t, "who gave up", impatient, context.Canceled)
		waits(t, "the large one", large)
		waits(t, "the small one, which would fit", small)
		b.Release(60)
		has(t, "the large one", large, nil)
		waits(t, "the small one", small)
		b.Release(490) // it takes less after all
		has(t, "the small one", small, nil)
		b.Release(10)
		b.Release(10)
		isEmpty(t, b)
	})
}

func TestWhoGivesUpDoesNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &Bytes{Limit: 100}
		has(t, "the first", acquire(t.Context(), b, 60), nil)
		gone, cancel := context.WithCancel(t.Context())
		impatient := acquire(gone, b, 50)
		small := acquire(t.Context(), b, 10)
		waits(t, "the small one", small)
		cancel()
		has(t, "who gave up", impatient, context.Canceled)
		has(t, "the small one", small, nil)
		b.Release(70)
		isEmpty(t, b)
	})
}

func TestBytesThatArePinnedAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &Bytes{Limit: 100}
		has(t, "the first", acquire(t.Context(), b, 90), nil)
		second, third := acquire(t.Context(), b, 80), acquire(t.Context(), b, 20)
		b.Pin(30)
		has(t, "one that waits and does not fit beside them", second, ErrPinned)
		waits(t, "one that does", third)
		has(t, "one that comes later", acquire(t.Context(), b, 71), ErrPinned)
		b.Release(60)
		has(t, "one that fits", third, nil)
		b.Pin(-30)
		b.Release(50)
		isEmpty(t, b)
	})
}

func TestCloseEndsTheWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &Bytes{Limit: 100}
		has(t, "the first", acquire(t.Context(), b, 100), nil)
		waiting := acquire(t.Context(), b, 1)
		closed := errors.New("closed")
		b.Close(closed)
		has(t, "one that waits", waiting, closed)
		has(t, "one that comes later", acquire(t.Context(), b, 1), closed)
		b.Release(100)
		isEmpty(t, b)
	})
}

func TestOnWaitIsCalledOnlyBeforeWaiting(t *testing.T) {
	t.Parallel()
	b := &Bytes{Limit: 100}
	calls := 0
	if err := b.Acquire(t.Context(), 100, func() { calls++ }); err != nil || calls != 0 {
		t.Errorf("with room: %v, called %d times", err, calls)
	}
	if err := b.Acquire(t.Context(), 10, func() { calls++; b.Release(100) }); err != nil || calls != 1 {
		t.Errorf("without room: %v, called %d times, want once", err, calls)
	}
}
