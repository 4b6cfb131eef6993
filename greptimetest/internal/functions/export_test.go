package functions

// Scalars returns the names of the functions that are no aggregates.
func Scalars() []string {
	var names []string
	for name, f := range builtins {
		if !f.aggregate {
			names = append(names, name)
		}
	}
	return names
}
