package stdio

import "context"

// Await returns what f does, which may wait for a terminal or the other end of a pipe. When ctx ends
// it returns the error of ctx, and leaves f behind, which ends with the process. It may
// take what arrives meanwhile, unless it asks ctx.
func Await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
