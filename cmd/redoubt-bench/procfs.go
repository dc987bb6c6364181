package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of processor times in /proc, the same on all of Linux that Go runs on.
const tick = 10 * time.Millisecond

// cpuTime is the processor time that a process and the children it has waited for have taken.
func (p *process) cpuTime() (time.Duration, error) {
	b, err := os.ReadFile(p.proc("stat"))
	if err != nil {
		return 0, fmt.Errorf("processor time of %s: %w", p.name, err)
	}
	return parseStat(string(b))
}

// resident is the memory of a process that is in RAM, now and at its highest.
func (p *process) resident() (now, highest int64, err error) {
	b, err := os.ReadFile(p.proc("status"))
	if err != nil {
		return 0, 0, fmt.Errorf("memory of %s: %w", p.name, err)
	}
	if now, err = parseStatus(string(b), "VmRSS"); err != nil {
		return 0, 0, err
	}
	highest, err = parseStatus(string(b), "VmHWM")
	return now, max(now, highest), err // the kernel's counters lag behind one another a little
}

func (p *process) proc(file string) string {
	return fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file)
}

// parseStat adds up the four times in /proc/PID/stat. They are found from the end of the program's name, which may
// have blanks and parentheses in it.
func parseStat(text string) (time.Duration, error) {
	const first, number = 11, 4 // utime, stime, cutime, cstime, counted from the field behind the name
	words := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(words) < first+number {
		return 0, fmt.Errorf("/proc/PID/stat has %d fields behind the name: %q", len(words), text)
	}
	var ticks int64
	for _, word := range words[first : first+number] {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/PID/stat: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// parseStatus reads a field in kB of /proc/PID/status, in bytes.
func parseStatus(text, name string) (int64, error) {
	for line := range strings.SplitSeq(text, "\n") {
		value, ok := strings.CutPrefix(line, name+":")
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(value, "kB")), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/PID/status: %s: %w", name, err)
		}
		return n << 10, nil
	}
	return 0, fmt.Errorf("/proc/PID/status has no field %s", name)
}
