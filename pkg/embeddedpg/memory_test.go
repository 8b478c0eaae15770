package embeddedpg

import "testing"

func TestTheServerTakesAnEighthOfTheMemoryWithinBounds(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ memory, want int64 }{
		{0, 128}, {512 << 20, 128}, {1 << 30, 128}, {4 << 30, 512}, {8 << 30, 1024}, {64 << 30, 1024},
	} {
		if got := buffers(x.memory); got != x.want {
			t.Errorf("buffers(%d) = %d MB, want %d", x.memory, got, x.want)
		}
	}
}

func TestTheMachinesMemoryIsReadFromWhatLinuxSays(t *testing.T) {
	t.Parallel()
	if got := meminfo([]byte("MemFree: 1 kB\nMemTotal:       24685192 kB\n")); got != 24685192<<10 {
		t.Errorf("meminfo: %d", got)
	}
	for _, content := range []string{"", "MemTotal:\n", "MemTotal: many kB\n"} {
		if got := meminfo([]byte(content)); got != 0 {
			t.Errorf("meminfo(%q) = %d, want 0", content, got)
		}
	}
}
