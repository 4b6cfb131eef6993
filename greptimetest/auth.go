package greptimetest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

func checkUsers(users []User) error {
	seen := map[string]bool{}
	for _, u := range users {
		if u.Name == "" || u.Password == "" {
			return errors.New("greptimetest: a user needs a name and a password")
		}
		if seen[u.Name] {
			return fmt.Errorf("greptimetest: duplicate user %s", u.Name)
		}
		seen[u.Name] = true
	}
	return nil
}

func refuse(code schema.Code, format string, args ...any) error {
	return &schema.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

var errNoHeader = refuse(schema.AuthHeaderNotFound, "Not found http or grpc authorization header")

// authenticate checks the credentials in a request's header. It ignores those in the
// call's metadata.
func (s *Server) authenticate(h *v1.RequestHeader, to *schema.Session) error {
	if len(s.opts.Users) == 0 {
		return nil
	}
	switch scheme := h.GetAuthorization().GetAuthScheme().(type) {
	case *v1.AuthHeader_Basic:
		u, err := s.user(scheme.Basic.GetUsername(), scheme.Basic.GetPassword())
		if err != nil {
			return err
		}
		to.ReadOnly, to.WriteOnly = u.Mode == ReadOnly, u.Mode == WriteOnly
		return nil
	case *v1.AuthHeader_Token:
		return refuse(schema.InvalidAuthHeader, "Unsupported http auth scheme, name: Token AuthScheme")
	}
	return errNoHeader
}

func (s *Server) user(name, password string) (User, error) {
	if name == "" {
		return User{}, refuse(schema.InvalidArguments, "Illegal param: blank username")
	}
	if password == "" {
		return User{}, refuse(schema.InvalidArguments, "Illegal param: blank password")
	}
	for _, u := range s.opts.Users {
		if u.Name != name {
			continue
		}
		if u.Password != password {
			return User{}, refuse(schema.PasswordMismatch, "Username and password does not match, username: %s", name)
		}
		return u, nil
	}
	return User{}, refuse(schema.UserNotFound, "User not found, username: %s", name)
}

// authenticatePut checks the credentials of a DoPut, which are in the metadata.
func (s *Server) authenticatePut(md metadata.MD, to *schema.Session) error {
	if len(s.opts.Users) == 0 {
		return nil
	}
	values := md.Get("x-greptime-auth")
	if len(values) == 0 {
		values = md.Get("authorization")
	}
	if len(values) == 0 {
		return errNoHeader
	}
	name, password, err := basicAuth(values[0])
	if err != nil {
		return err
	}
	u, err := s.user(name, password)
	if err != nil {
		return status.Error(codes.Unauthenticated, "auth failed")
	}
	to.ReadOnly, to.WriteOnly = u.Mode == ReadOnly, u.Mode == WriteOnly
	return nil
}

// basicAuth reads "Basic <base64>". The scheme may be in any case or missing.
func basicAuth(value string) (name, password string, err error) {
	invalid := refuse(schema.InvalidAuthHeader, "Invalid http authorization header")
	token := value
	if scheme, rest, ok := strings.Cut(value, " "); ok {
		if !strings.EqualFold(scheme, "basic") {
			return "", "", invalid
		}
		token = rest
	}
	if token == "" {
		return "", "", invalid
	}
	b, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		at := 0
		var corrupt base64.CorruptInputError
		if errors.As(err, &corrupt) {
			at = int(corrupt)
		}
		symbol := byte(0)
		if at < len(token) {
			symbol = token[at]
		}
		return "", "", refuse(schema.InvalidAuthHeader, "Invalid base64 value: Invalid symbol %d, offset %d.", symbol, at)
	}
	name, password, ok := strings.Cut(string(b), ":")
	if !ok {
		return "", "", invalid
	}
	return name, password, nil
}
