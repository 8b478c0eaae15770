package replay

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// resident returns the most memory and the memory at present, in bytes, that a
// process has had resident, without its children; 0 = this process. Where the
// system does not tell, what this process got from it, and nothing for another.
func resident(pid int) (peak, now int64) {
	name := "self"
	if pid != 0 {
		name = strconv.Itoa(pid)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%s/status", name))
	if err == nil {
		return parseStatus(text)
	}
	if pid != 0 {
		return 0, 0
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys), int64(m.Sys - m.HeapReleased)
}

// parseStatus finds VmHWM and VmRSS, which are in kB.
func parseStatus(text []byte) (peak, now int64) {
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch {
		case err != nil:
		case key == "VmHWM":
			peak = kb << 10
		case key == "VmRSS":
			now = kb << 10
		}
	}
	return peak, now
}
