package greptimetest

// Faults is how many faults are to come.
func (s *Server) Faults() int {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return len(s.faults.list)
}
