package transport

import "time"

// versionLifetime is how long a server is assumed to keep its version.
const versionLifetime = time.Minute

// seenVersion is the version of a server, as text.
type seenVersion struct {
	text  string
	until time.Time
}

// KeepVersion records the version of the server.
func (e *Endpoint) KeepVersion(text string) {
	e.version.Store(&seenVersion{text, time.Now().Add(versionLifetime)})
}

// Version returns the version of the last KeepVersion. ok is false if that is too long ago.
func (e *Endpoint) Version() (text string, ok bool) {
	seen := e.version.Load()
	if seen == nil || !time.Now().Before(seen.until) {
		return "", false
	}
	return seen.text, true
}
