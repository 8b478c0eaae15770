package fsck

// numbers is a set of ids, which a shard gives out densely: a bit each.
type numbers struct {
	bits [256][]uint64      // by shard
	odd  map[int64]struct{} // ids that no healthy shard would give out
}

// slack is how many words ahead of its shard's others an id may be to be kept as a bit.
const slack = 1 << 14

// place is where an id's bit is: the shard is its last byte, the number the rest.
func place(number int64) (shard, word int64, bit uint64) {
	n := number >> 8
	return number & 0xff, n >> 6, 1 << uint64(n&0x3f)
}

func (s *numbers) add(number int64) {
	shard, word, bit := place(number)
	list := s.bits[shard]
	if word < 0 || word > int64(len(list))+slack {
		if s.odd == nil {
			s.odd = make(map[int64]struct{})
		}
		s.odd[number] = struct{}{}
		return
	}
	for int64(len(list)) <= word {
		list = append(list, 0)
	}
	list[word] |= bit
	s.bits[shard] = list
}

func (s *numbers) has(number int64) bool {
	shard, word, bit := place(number)
	if list := s.bits[shard]; word >= 0 && word < int64(len(list)) && list[word]&bit != 0 {
		return true
	}
	_, odd := s.odd[number]
	return odd
}
