package transport

import (
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip" // registers "gzip"
	"google.golang.org/grpc/experimental"
)

// noCompression is registered so that a call can accept it and nothing else. Without such a
// list grpc-go advertises every compressor that the program has registered, and GreptimeDB
// uses the first one that it knows, for bodies that are already compressed with LZ4. No
// server sends this encoding.
const noCompression = "greptime-none"

func init() {
	encoding.RegisterCompressor(identityCompressor{})
	if encoding.GetCompressor("zstd") == nil {
		encoding.RegisterCompressor(&zstdCompressor{})
	}
}

// compressionOptions returns the call options for compressed requests and responses: none
// (or empty), gzip or zstd.
func compressionOptions(requests, responses string) ([]grpc.CallOption, error) {
	var opts []grpc.CallOption
	switch requests {
	case "", "none":
	case "gzip", "zstd":
		opts = append(opts, grpc.UseCompressor(requests))
	default:
		return nil, fmt.Errorf("compression %q: write none, gzip or zstd", requests)
	}
	switch responses {
	case "", "none":
		opts = append(opts, experimental.AcceptCompressors(noCompression))
	case "gzip", "zstd":
		opts = append(opts, experimental.AcceptCompressors(responses))
	default:
		return nil, fmt.Errorf("accept_compression %q: write none, gzip or zstd", responses)
	}
	return opts, nil
}

type identityCompressor struct{}

func (identityCompressor) Name() string { return noCompression }

func (identityCompressor) Compress(w io.Writer) (io.WriteCloser, error) {
	return nopWriteCloser{w}, nil
}

func (identityCompressor) Decompress(r io.Reader) (io.Reader, error) { return r, nil }

type nopWriteCloser struct{ io.Writer }

func (nopWriteCloser) Close() error { return nil }

// maxWindow is the greatest window of a zstd frame, in bytes, that is decompressed: the decoder
// allocates it at once. zstd's own programs have the same limit; GreptimeDB's frames need 2 MiB.
const maxWindow = 128 << 20

// zstdCompressor keeps encoders and decoders for reuse. Each works only on the caller's
// goroutine.
type zstdCompressor struct{ writers, readers sync.Pool }

func (*zstdCompressor) Name() string { return "zstd" }

func (c *zstdCompressor) Compress(w io.Writer) (io.WriteCloser, error) {
	if e, ok := c.writers.Get().(*zstdWriter); ok {
		e.Reset(w)
		return e, nil
	}
	e, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return &zstdWriter{Encoder: e, pool: &c.writers}, nil
}

func (c *zstdCompressor) Decompress(r io.Reader) (io.Reader, error) {
	if d, ok := c.readers.Get().(*zstdReader); ok {
		if err := d.Reset(r); err != nil {
			c.readers.Put(d)
			return nil, err
		}
		return d, nil
	}
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return &zstdReader{Decoder: d, pool: &c.readers}, nil
}

type zstdWriter struct {
	*zstd.Encoder
	pool *sync.Pool
}

func (w *zstdWriter) Close() error {
	err := w.Encoder.Close()
	w.pool.Put(w)
	return err
}

type zstdReader struct {
	*zstd.Decoder
	pool *sync.Pool
}

// Read returns the decoder to the pool at the end of the message: gRPC reads until io.EOF.
func (r *zstdReader) Read(p []byte) (int, error) {
	n, err := r.Decoder.Read(p)
	if err == io.EOF {
		r.pool.Put(r)
	}
	return n, err
}
