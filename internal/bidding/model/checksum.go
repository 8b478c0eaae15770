package model

import (
	"hash/crc32"
	"strconv"
)

// checksumLevels is how deep into a side the checksum reaches.
const checksumLevels = 10

// Checksum is the IEEE CRC-32 by which a client knows that its copy of a book is
// right: the top 10 asks, then bids, best first, as "price:qty" joined by commas,
// the sides by a bar (DATA-003).
func Checksum(asks, bids []Level) uint32 {
	buf := make([]byte, 0, 512)
	buf = appendLevels(buf, asks)
	buf = append(buf, '|')
	buf = appendLevels(buf, bids)
	return crc32.ChecksumIEEE(buf)
}

func appendLevels(buf []byte, levels []Level) []byte {
	for i, l := range levels[:min(len(levels), checksumLevels)] {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = strconv.AppendInt(buf, int64(l.Price), 10)
		buf = append(buf, ':')
		buf = strconv.AppendInt(buf, l.Qty, 10)
	}
	return buf
}
