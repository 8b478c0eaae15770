package repository

// Keys answers how many keys are held.
func (t *MemoryThrottle) Keys() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.keys)
}
