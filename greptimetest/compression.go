package greptimetest

import (
	"context"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // requests may be compressed with gzip

	_ "github.com/greptime-go/greptime/internal/transport" // … and with zstd, which this package registers
)

// chooseCompression answers in the first encoding of the client's list that the server
// knows, regardless of the compression of the request, as GreptimeDB does. grpc-go would
// answer in the encoding of the request.
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
