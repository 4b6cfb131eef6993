package greptimetest

import (
	"context"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // requests may be compressed with gzip

	_ "github.com/greptime-go/greptime/internal/transport" // … and with zstd, which it registers
)

// chooseCompression answers in the first encoding of the client's list that the
// server knows, whatever the request was compressed with: GreptimeDB does so, where
// grpc-go would answer like the request.
func chooseCompression(ctx context.Context) error {
	names, err := grpc.ClientSupportedCompressors(ctx)
	if err != nil {
		return err
	}
	for _, n := range names {
		if n == "gzip" || n == "zstd" {
			return grpc.SetSendCompressor(ctx, n)
		}
	}
	return grpc.SetSendCompressor(ctx, "identity")
}
