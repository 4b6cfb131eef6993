package greptimetest

import (
	"context"
	"errors"
	"io"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/greptimetest/internal/engine"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

var (
	errEmptyRequest = refuse(schema.InvalidArguments, "Invalid query: Expecting non-empty GreptimeRequest.")
	errNoQuery      = refuse(schema.InvalidArguments, "Incomplete GRPC request: Missing field 'QueryRequest.query'")
	errNoDDL        = refuse(schema.InvalidArguments, "Incomplete GRPC request: 'expr' is absent in DDL request")
)

func unsupported(what string) error {
	return refuse(schema.Unsupported, "Not supported by greptimetest: %s", what)
}

// handle runs a request of any kind, from a ticket or from Handle. It checks in
// GreptimeDB's order: presence of a request, hints, credentials, permission.
func (s *Server) handle(ctx context.Context, req *v1.GreptimeRequest) (*engine.Result, error) {
	if req.GetRequest() == nil {
		return nil, errEmptyRequest
	}
	sess := session(ctx, req.GetHeader())
	if err := checkHints(sess.Hints); err != nil {
		return nil, err
	}
	if err := s.authenticate(req.GetHeader(), sess); err != nil {
		return nil, err
	}
	if _, query := req.GetRequest().(*v1.GreptimeRequest_Query); !query && sess.ReadOnly {
		return nil, engine.ErrPermission
	}
	// A write runs to its end, even if the client does not wait for it.
	write := context.WithoutCancel(ctx)
	var n int
	var err error
	switch r := req.GetRequest().(type) {
	case *v1.GreptimeRequest_Query:
		return s.query(ctx, sess, r.Query)
	case *v1.GreptimeRequest_Ddl:
		return s.ddl(write, sess, r.Ddl)
	case *v1.GreptimeRequest_RowInserts:
		n, err = s.engine.InsertRows(write, sess, r.RowInserts)
	case *v1.GreptimeRequest_Inserts:
		n, err = s.engine.InsertColumns(write, sess, r.Inserts)
	case *v1.GreptimeRequest_RowDeletes:
		n, err = s.engine.DeleteRows(write, sess, r.RowDeletes)
	case *v1.GreptimeRequest_Deletes:
		n, err = s.engine.DeleteColumns(write, sess, r.Deletes)
	default:
		return nil, errEmptyRequest
	}
	if err != nil {
		return nil, err
	}
	return &engine.Result{Affected: uint32(n)}, nil
}

func (s *Server) query(ctx context.Context, sess *schema.Session, q *v1.QueryRequest) (*engine.Result, error) {
	switch r := q.GetQuery().(type) {
	case *v1.QueryRequest_Sql:
		return s.engine.Execute(ctx, sess, r.Sql)
	case nil:
		return nil, errNoQuery
	case *v1.QueryRequest_PromRangeQuery:
		return nil, unsupported("PromQL")
	default:
		return nil, unsupported("logical plans")
	}
}

func (s *Server) ddl(ctx context.Context, sess *schema.Session, d *v1.DdlRequest) (*engine.Result, error) {
	var err error
	affected := uint32(0)
	switch x := d.GetExpr().(type) {
	case nil:
		return nil, errNoDDL
	case *v1.DdlRequest_CreateTable:
		err = s.engine.CreateTable(ctx, sess, x.CreateTable)
	case *v1.DdlRequest_DropTable:
		err = s.engine.DropTable(ctx, sess, x.DropTable.GetSchemaName(), x.DropTable.GetTableName(), x.DropTable.GetDropIfExists())
	case *v1.DdlRequest_CreateDatabase:
		affected, err = 1, s.engine.AddDatabase(ctx, x.CreateDatabase.GetSchemaName(), x.CreateDatabase.GetCreateIfNotExists())
	default:
		err = unsupported("this DdlRequest; send the statement as SQL")
	}
	if err != nil {
		return nil, err
	}
	return &engine.Result{Affected: affected}, nil
}

// databaseService implements greptime.v1.GreptimeDatabase.
type databaseService struct {
	v1.UnimplementedGreptimeDatabaseServer
	s *Server
}

func response(affected uint32) *v1.GreptimeResponse {
	return &v1.GreptimeResponse{
		Header:   &v1.ResponseHeader{Status: &v1.Status{}},
		Response: &v1.GreptimeResponse_AffectedRows{AffectedRows: &v1.AffectedRows{Value: affected}},
	}
}

// run runs a request that can only be answered with affected rows.
func (d *databaseService) run(ctx context.Context, req *v1.GreptimeRequest, method string) (uint32, error) {
	r, err := d.s.handle(ctx, req)
	if err != nil {
		d.s.opts.log().Info(method+" refused", "error", err)
		return 0, fail(ctx, err)
	}
	defer r.Close()
	if r.Schema != nil {
		return 0, status.Errorf(codes.Unimplemented, "GreptimeDatabase::%s for query", method)
	}
	return r.Affected, nil
}

// Handle runs one request.
func (d *databaseService) Handle(ctx context.Context, req *v1.GreptimeRequest) (*v1.GreptimeResponse, error) {
	if err := chooseCompression(ctx); err != nil {
		return nil, err
	}
	n, err := d.run(ctx, req, "Handle")
	if err != nil {
		return nil, err
	}
	return response(n), nil
}

// HandleRequests runs requests one after the other, until one fails.
func (d *databaseService) HandleRequests(ss v1.GreptimeDatabase_HandleRequestsServer) error {
	if err := chooseCompression(ss.Context()); err != nil {
		return err
	}
	total := uint32(0)
	for {
		req, err := ss.Recv()
		if errors.Is(err, io.EOF) {
			return ss.SendAndClose(response(total))
		}
		if err != nil {
			return err
		}
		n, err := d.run(ss.Context(), req, "HandleRequests")
		if err != nil {
			return err
		}
		total += n
	}
}

// healthService implements greptime.v1.HealthCheck, which requires no credentials.
type healthService struct {
	v1.UnimplementedHealthCheckServer
}

// HealthCheck returns an empty answer.
func (healthService) HealthCheck(context.Context, *v1.HealthCheckRequest) (*v1.HealthCheckResponse, error) {
	return &v1.HealthCheckResponse{}, nil
}

// promService implements greptime.v1.PrometheusGateway, but only its refusals.
type promService struct {
	v1.UnimplementedPrometheusGatewayServer
	s *Server
}

// Handle refuses the request, for GreptimeDB's reason if there is one, and otherwise
// because there is no PromQL.
func (p *promService) Handle(ctx context.Context, req *v1.PromqlRequest) (*v1.PromqlResponse, error) {
	if req.GetPromql() == nil {
		return nil, fail(ctx, refuse(schema.InvalidArguments, "Invalid query: Expecting non-empty PromqlRequest."))
	}
	if err := p.s.authenticate(req.GetHeader(), session(ctx, req.GetHeader())); err != nil {
		return nil, fail(ctx, err)
	}
	return nil, fail(ctx, unsupported("PromQL"))
}
