package functions

import (
	"time"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// Env is what functions know about the request.
type Env struct {
	Session *schema.Session
	Now     time.Time // the same for the whole statement
}
