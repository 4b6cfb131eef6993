package greptimetest

import (
	"context"
	"errors"
	"strconv"
	"strings"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// errCodeKey is the trailer that carries GreptimeDB's own status code. GreptimeDB never
// sends the corresponding trailer for the text.
const errCodeKey = "x-greptime-err-code"

// grpcCodes maps GreptimeDB's codes to gRPC's.
var grpcCodes = map[schema.Code]codes.Code{
	schema.Unsupported: codes.Unimplemented, schema.Unexpected: codes.Internal, schema.Internal: codes.Internal,
	schema.InvalidArguments: codes.InvalidArgument, schema.Cancelled: codes.Canceled, schema.InvalidSyntax: codes.InvalidArgument,
	schema.PlanQuery: codes.Internal, schema.EngineExecuteQuery: codes.Internal, schema.TableAlreadyExists: codes.AlreadyExists,
	schema.TableNotFound: codes.NotFound, schema.TableColumnNotFound: codes.NotFound, schema.TableColumnExists: codes.AlreadyExists,
	schema.StorageUnavailable: codes.Unavailable, schema.UserNotFound: codes.NotFound, schema.PasswordMismatch: codes.Unauthenticated,
	schema.AuthHeaderNotFound: codes.Unauthenticated, schema.InvalidAuthHeader: codes.Unauthenticated, schema.PermissionDenied: codes.PermissionDenied,
	1006: codes.Internal, 1007: codes.Unknown, 1008: codes.DeadlineExceeded, 1009: codes.ResourceExhausted,
	4004: codes.NotFound, 4005: codes.NotFound, 4006: codes.AlreadyExists, 4007: codes.PermissionDenied, 4008: codes.Unavailable,
	4009: codes.ResourceExhausted, 4010: codes.Unavailable, 4011: codes.AlreadyExists, 5001: codes.InvalidArgument,
	6000: codes.ResourceExhausted, 6001: codes.ResourceExhausted, 7001: codes.Unauthenticated, 7005: codes.PermissionDenied,
	8000: codes.AlreadyExists, 8001: codes.NotFound, 9000: codes.AlreadyExists, 9001: codes.NotFound,
}

// fail turns an error into a status and sets the trailer for it.
func fail(ctx context.Context, err error) error {
	var e *schema.Error
	if !errors.As(err, &e) {
		return err // already a status
	}
	code, ok := grpcCodes[e.Code]
	if !ok {
		code = codes.Unknown
	}
	msg := e.Message
	if e.Code == schema.Unknown || e.Code == schema.Internal {
		msg = "Internal error: " + strconv.Itoa(int(e.Code)) // GreptimeDB hides these
	}
	if err := grpc.SetTrailer(ctx, metadata.Pairs(errCodeKey, strconv.Itoa(int(e.Code)))); err != nil {
		return err
	}
	return status.Error(code, msg)
}

// session returns a session for a request's header.
func session(ctx context.Context, h *v1.RequestHeader) *schema.Session {
	catalog, db := catalogAndDatabase(h.GetDbname())
	if h.GetDbname() == "" {
		catalog, db = strings.ToLower(h.GetCatalog()), strings.ToLower(h.GetSchema())
		if catalog == "" {
			catalog = "greptime"
		}
		if db == "" {
			db = "public"
		}
	}
	s := schema.NewSession(catalog, db, h.GetTimezone())
	s.Hints = hints(ctx)
	return s
}

// catalogAndDatabase splits a dbname at its first "-".
func catalogAndDatabase(dbname string) (catalog, db string) {
	if c, d, ok := strings.Cut(dbname, "-"); ok {
		return c, d
	}
	if dbname == "" {
		dbname = "public"
	}
	return "greptime", dbname
}

// hintKeys are the hints that may also be sent one by one.
var hintKeys = []string{"auto_create_table", "ttl", "append_mode", "merge_mode", "physical_table", "skip_wal", "read_preference"}

// hints returns a call's hints: from x-greptime-hints or, if there are none, one by one.
func hints(ctx context.Context) map[string]string {
	md, _ := metadata.FromIncomingContext(ctx)
	m := map[string]string{}
	if list := md.Get("x-greptime-hints"); len(list) > 0 {
		for pair := range strings.SplitSeq(list[0], ",") {
			if k, v, ok := strings.Cut(pair, "="); ok {
				m[strings.TrimSpace(k)] = strings.TrimSpace(v)
			}
		}
		return m
	}
	for _, k := range hintKeys {
		if v := md.Get("x-greptime-hint-" + k); len(v) > 0 {
			m[k] = v[0]
		}
	}
	return m
}

// checkHints refuses what GreptimeDB refuses before it reads the request.
func checkHints(h map[string]string) error {
	if v, ok := h["read_preference"]; ok && v != "leader" {
		return &schema.Error{Code: schema.InvalidArguments, Message: "Unknown hint: read_preference=" + v}
	}
	return nil
}
