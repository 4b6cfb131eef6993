package captures

import "fmt"

// Source identifies an exchange.
type Source struct {
	// Name is Base, preceded by the version's folder unless the version is V1_0_2:
	// "json_shapes", "v1.1.4/show_index".
	Name string `json:"name"`
	// Base is the same for the recordings of one exchange with several versions. It is
	// the file's name, preceded by the folder if that is auth: "auth/doget_select_ok".
	Base    string  `json:"-"`
	Version Version `json:"-"`
	File    string  `json:"-"`      // "doget/json_shapes.json"
	Note    string  `json:"note"`   // a hint for the reader; may be empty
	Server  string  `json:"server"` // "GreptimeDB 1.0.2"
}

func (s *Source) source() *Source { return s }

// Version is a recorded version of GreptimeDB.
type Version string

// The recorded versions.
const (
	V1_0_2 Version = "1.0.2"
	V1_1_4 Version = "1.1.4"
)

// Versions returns the recorded versions, oldest first.
func Versions() []Version { return []Version{V1_0_2, V1_1_4} }

// folder returns the folder of a version's recordings that differ from those of V1_0_2.
func (v Version) folder() string { return "v" + string(v) + "/" }

// Of returns the exchanges of a list for one version: its own recording of each, or that
// of V1_0_2 if both versions give the same answer.
func Of[E any, P exchange[E]](version Version, list []E) []E {
	own := map[string]E{}
	for i := range list {
		if s := P(&list[i]).source(); s.Version == version {
			own[s.Base] = list[i]
		}
	}
	var of []E
	for i := range list {
		s := P(&list[i]).source()
		if s.Version != V1_0_2 {
			continue
		}
		if e, ok := own[s.Base]; ok {
			of = append(of, e)
		} else {
			of = append(of, list[i])
		}
	}
	return of
}

// exchange is a pointer to one of the kinds of exchange.
type exchange[E any] interface {
	*E
	source() *Source
}

// appendExchange decodes an exchange and appends it to the list.
func appendExchange[E any, P exchange[E]](list *[]E, version Version, base, file string, data []byte) error {
	var e E
	if err := decode(data, &e); err != nil {
		return err
	}
	s := P(&e).source()
	s.Name, s.Base, s.Version, s.File = base, base, version, file
	if version != V1_0_2 {
		s.Name = version.folder() + base
	}
	if d, ok := any(&e).(*DoGet); ok {
		s.Note = d.Request.Note
	}
	*list = append(*list, e)
	return nil
}

// byName returns the exchange with the given name.
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
