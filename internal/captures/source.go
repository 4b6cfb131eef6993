package captures

import "fmt"

// Source tells one exchange from the others.
type Source struct {
	Name   string `json:"name"`   // the file's name, with its folder if that is auth: "json_shapes", "auth/doget_select_ok"
	File   string `json:"-"`      // "doget/json_shapes.json"
	Note   string `json:"note"`   // what to look at; may be empty
	Server string `json:"server"` // "GreptimeDB 1.0.2"
}

func (s *Source) source() *Source { return s }

// exchange is a pointer to one of the kinds of exchange.
type exchange[E any] interface {
	*E
	source() *Source
}

// appendExchange decodes an exchange and appends it to the list.
func appendExchange[E any, P exchange[E]](list *[]E, name, file string, data []byte) error {
	var e E
	if err := decode(data, &e); err != nil {
		return err
	}
	s := P(&e).source()
	s.Name, s.File = name, file
	if d, ok := any(&e).(*DoGet); ok {
		s.Note = d.Request.Note
	}
	*list = append(*list, e)
	return nil
}

// byName returns the exchange of that name.
func byName[E any, P exchange[E]](kind, name string, lists ...[]E) E {
	for _, list := range lists {
		for i := range list {
			if P(&list[i]).source().Name == name {
				return list[i]
			}
		}
	}
	panic(fmt.Sprintf("captures: there is no %s exchange %q", kind, name))
}
