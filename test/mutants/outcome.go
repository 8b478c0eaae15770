package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// outcome is what tests said.
type outcome struct {
	noticed bool
	by      string // the first test that failed, or how the tests broke down
}

var errHang = errors.New("the tests did not end in time")

var (
	failedTest = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	lateTest   = regexp.MustCompile(`(?m)^panic: test timed out after .*\n(?:\s+running tests:\n\s+(\S+))?`)
	crash      = regexp.MustCompile(`(?m)^(?:panic|fatal error): .*$`)
	noDatabase = regexp.MustCompile(`(?m)^.*testkit: .*$`)
)

// judge reads a test program's output and its end. A failed test, a crash and tests
// that hang notice the mutant. Errors: what says nothing about the code, such as
// a test's database that did not start, or a pattern that picks no test.
func judge(output string, end error) (outcome, error) {
	name := func(m []string) string { return m[len(m)-1] }
	switch {
	case end == nil && strings.Contains(output, "testing: warning: no tests to run"):
		return outcome{}, errors.New("no test has such a name")
	case end == nil:
		return outcome{}, nil
	}
	if line := noDatabase.FindString(output); line != "" {
		return outcome{}, fmt.Errorf("the tests had no database: %s", strings.TrimSpace(line))
	}
	if m := failedTest.FindStringSubmatch(output); m != nil {
		return outcome{true, name(m)}, nil
	}
	if m := lateTest.FindStringSubmatch(output); m != nil {
		return outcome{true, "hang:" + name(m)}, nil
	}
	if errors.Is(end, errHang) {
		return outcome{true, "hang"}, nil
	}
	if line := crash.FindString(output); line != "" {
		return outcome{true, fmt.Sprintf("crash:%q", line)}, nil
	}
	return outcome{}, fmt.Errorf("ended without naming a test: %w: %s", end, lastLines(output))
}

// lastLines shortens an output to what tells most.
func lastLines(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], " | ")
}
