// SPDX-License-Identifier: Apache-2.0

// The benchmarks in Go: goroutines with a buffered channel as their mailbox. It is what Greenroom is compared with; it
// uses nothing of Greenroom.
//
//	peer NAME --n N --cores C
//
// prints one JSON line per result. The bound of each mailbox is the capacity of its channel: a full one makes the
// sender wait, which is Go's own flow control.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"
)

// The capacity of a mailbox that takes bursts. Smaller and larger ones (64 to 65536) were no faster here.
const burstCapacity = 1024

// The capacity of a mailbox that holds one or two messages at a time.
const smallCapacity = 1

// The capacity of an account's mailbox; from 1 to 1024 all are about as fast.
const accountCapacity = 16

// A result is what one JSON line tells.
type result struct {
	name      string
	count     int64         // what the rate counts
	unit      string        // of the rate
	elapsed   time.Duration // from just before the first message to the last
	rssBytes  int64         // 0: the peak of the process, read when it is printed
	perActor  int64         // bytes of resident memory for each live actor; 0 where it is not measured
	latencies []float64     // nanoseconds, each the mean of a batch; nil where it is not measured
}

var benchmarks = map[string]func(n int64) []result{
	"ping_pong":      pingPong,
	"thread_ring":    threadRing,
	"counting":       counting,
	"counting_burst": countingBurst,
	"fan_in":         fanIn,
	"chameneos":      chameneos,
	"big":            big,
	"banking":        banking,
	"ask":            ask,
	"timers":         timers,
	"spawn":          spawn,
	"tree":           tree,
	"fork_join":      forkJoin,
}

func main() {
	if len(os.Args) < 2 || benchmarks[os.Args[1]] == nil {
		fail("usage: peer NAME --n N --cores C, where NAME is one of %s", strings.Join(names(), ", "))
	}
	name := os.Args[1]
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	n := flags.Int64("n", 1000000, "how many of what the rate counts")
	cores := flags.Int("cores", 1, "GOMAXPROCS")
	_ = flags.Parse(os.Args[2:])
	if *n < 1 || *cores < 1 || flags.NArg() > 0 {
		fail("--n and --cores need a number from 1")
	}
	runtime.GOMAXPROCS(*cores)
	for _, r := range benchmarks[name](*n) {
		r.print(*cores)
	}
}

func (r result) print(cores int) {
	if r.rssBytes == 0 {
		r.rssBytes = memory("VmHWM")
	}
	extra := ""
	if r.perActor != 0 {
		extra += fmt.Sprintf(`,"bytes_per_actor":%d`, r.perActor)
	}
	if r.latencies != nil {
		sort.Float64s(r.latencies)
		extra += fmt.Sprintf(`,"p50_ns":%.1f,"p99_ns":%.1f`, percentile(r.latencies, 50), percentile(r.latencies, 99))
	}
	seconds := r.elapsed.Seconds()
	fmt.Printf(`{"name":"%s","loops":%d,"n":%d,"seconds":%.6f,"rate":%.1f,"unit":"%s","rss_bytes":%d%s,"peer":"go"}`+"\n",
		r.name, cores, r.count, seconds, float64(r.count)/seconds, r.unit, r.rssBytes, extra)
}

func percentile(sorted []float64, percent int) float64 {
	return sorted[(len(sorted)-1)*percent/100]
}

func names() []string {
	var all []string
	for name := range benchmarks {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}

func check(good bool, format string, values ...any) {
	if !good {
		fail("wrong result: "+format, values...)
	}
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "peer: "+format+"\n", values...)
	os.Exit(1)
}

// memory reads a line of /proc/self/status (VmRSS, VmHWM), in bytes.
func memory(field string) int64 {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) >= 2 && words[0] == field+":" {
			kib, _ := strconv.ParseInt(words[1], 10, 64)
			return kib * 1024
		}
	}
	return 0
}
