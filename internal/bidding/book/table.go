package book

// table finds slots by the hash of what they hold: open addressing with linear probing. Two
// things may have one hash, so whoever looks a slot up checks what is in it. That a slot is a
// 32-bit number and a hash too keeps eight cells in a cache line.
type table struct {
	cells []cell // none, or a power of two, at most half of them taken
	taken int
}

// cell is one place of a table; a free one has slot 0.
type cell struct {
	hash uint32
	slot int32
}

// fewestCells is the size of a table's first allocation.
const fewestCells = 16

// next returns the first slot with a hash in cell i or behind it, and its cell; slot 0 when
// there is none. A search begins with the hash as i.
func (t *table) next(hash, i uint32) (slot int32, at uint32) {
	if t.taken == 0 {
		return 0, 0
	}
	mask := uint32(len(t.cells) - 1)
	for i &= mask; t.cells[i].slot != 0; i = (i + 1) & mask {
		if t.cells[i].hash == hash {
			return t.cells[i].slot, i
		}
	}
	return 0, 0
}

// put adds a slot.
func (t *table) put(hash uint32, slot int32) {
	if 2*t.taken >= len(t.cells) {
		t.grow()
	}
	t.taken++
	t.place(cell{hash, slot})
}

// place puts a cell where a search for it ends.
func (t *table) place(c cell) {
	mask := uint32(len(t.cells) - 1)
	i := c.hash & mask
	for t.cells[i].slot != 0 {
		i = (i + 1) & mask
	}
	t.cells[i] = c
}

// grow doubles the table.
func (t *table) grow() {
	old := t.cells
	t.cells = make([]cell, max(fewestCells, 2*len(old)))
	for _, c := range old {
		if c.slot != 0 {
			t.place(c)
		}
	}
}

// remove takes out a slot that is there.
func (t *table) remove(hash uint32, slot int32) {
	i := hash
	for found := int32(0); found != slot; i++ {
		found, i = t.next(hash, i)
	}
	t.taken--
	t.close(i - 1)
}

// close frees cell i and moves those behind it up, so that no search ends before its cell.
func (t *table) close(i uint32) {
	mask := uint32(len(t.cells) - 1)
	for j := (i + 1) & mask; t.cells[j].slot != 0; j = (j + 1) & mask {
		if home := t.cells[j].hash & mask; (j-home)&mask >= (j-i)&mask {
			t.cells[i] = t.cells[j]
			i = j
		}
	}
	t.cells[i] = cell{}
}
