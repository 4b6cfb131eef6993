//go:build !duckdb

package demo

import "context"

// Start runs the command greptimetest.
func Start(ctx context.Context, o Options) (*Server, error) { return startCommand(ctx, o) }
