package collect

import (
	"reflect"
	"sync"

	"github.com/greptime-go/greptime/internal/structs"
)

// plan is what is known of a struct type. It is immutable.
type plan struct {
	fields []structs.Field
	byName map[string]int // column → field
	err    error
}

var plans sync.Map // reflect.Type → *plan

// planOf returns the plan of a struct type. The first call makes it.
func planOf(rt reflect.Type) *plan {
	if p, ok := plans.Load(rt); ok {
		return p.(*plan)
	}
	p := &plan{byName: map[string]int{}}
	p.fields, p.err = structs.Fields(rt)
	for i, f := range p.fields {
		p.byName[f.Name] = i
	}
	stored, _ := plans.LoadOrStore(rt, p)
	return stored.(*plan)
}
