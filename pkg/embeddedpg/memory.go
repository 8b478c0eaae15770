package embeddedpg

import (
	"bufio"
	"bytes"
	"os"
	"strconv"
	"strings"
)

// What the server keeps of its tables in memory of its own, in MB: an eighth of what the
// machine has, within bounds. PostgreSQL's own 128 MB are for machines of another time:
// once the tables are larger, every index entry it adds is a page it has to put away first.
const (
	leastBuffers = 128
	mostBuffers  = 1024
	memoryShare  = 8
)

// buffers returns the server's share of a memory of so many bytes, in MB; 0 bytes is unknown.
func buffers(memory int64) int64 {
	return max(leastBuffers, min(mostBuffers, memory/memoryShare>>20))
}

// memory returns how many bytes this process may hope for: what the machine has, or a
// container's limit when that is less; 0 where neither can be read.
func memory() int64 {
	total := meminfo(read("/proc/meminfo"))
	limit, err := strconv.ParseInt(strings.TrimSpace(string(read("/sys/fs/cgroup/memory.max"))), 10, 64)
	if err == nil && (total == 0 || limit < total) {
		return limit
	}
	return total
}

// read returns a file's content, nothing where there is no such file.
func read(path string) []byte {
	content, _ := os.ReadFile(path) //nolint:gosec,errcheck // two fixed names; absent on other systems
	return content
}

// meminfo finds the machine's memory, in bytes, in what Linux says of it.
func meminfo(content []byte) int64 {
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 3 && fields[0] == "MemTotal:" {
			kB, _ := strconv.ParseInt(fields[1], 10, 64)
			return kB << 10
		}
	}
	return 0
}
