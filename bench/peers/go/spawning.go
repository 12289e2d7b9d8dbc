// SPDX-License-Identifier: Apache-2.0

// The benchmarks that make actors in great number.
package main

import (
	"math/bits"
	"time"
)

// A greeting is what a spawned actor gets and answers.
type greeting struct {
	number int64
	reply  chan<- int64
}

// One actor spawns n others, 1000 a turn. Each gets one message, answers it, and lives on until all have answered.
// Twice: the first time is cold, the second warm.
func spawn(n int64) []result {
	mailboxes := make([]chan greeting, n)
	for i := range mailboxes {
		mailboxes[i] = nil // touches the pages, so that they are not counted below
	}
	var results []result
	for _, name := range []string{"spawn_cold", "spawn"} {
		before := memory("VmRSS")
		done := make(chan time.Duration)
		gone := make(chan struct{}, burstCapacity)
		go spawnAll(mailboxes, gone, done)
		elapsed := <-done
		rss := memory("VmRSS")
		perActor := int64(0)
		if name == "spawn_cold" {
			perActor = (rss - before) / n
		}
		for _, mailbox := range mailboxes {
			close(mailbox)
			<-gone
		}
		results = append(results, result{name: name, count: n, unit: "actors/s", elapsed: elapsed, rssBytes: rss,
			perActor: perActor})
	}
	return results
}

func spawnAll(mailboxes []chan greeting, gone chan<- struct{}, done chan<- time.Duration) {
	const turn = 1000
	answers := make(chan int64, turn)
	n := int64(len(mailboxes))
	sum := int64(0)
	begin := time.Now()
	for first := int64(0); first < n; first += turn {
		last := first + turn
		if last > n {
			last = n
		}
		for i := first; i < last; i++ {
			mailbox := make(chan greeting, 1)
			mailboxes[i] = mailbox
			go func() {
				for g := range mailbox {
					g.reply <- g.number
				}
				gone <- struct{}{}
			}()
			mailbox <- greeting{i, answers}
		}
		for i := first; i < last; i++ {
			sum += <-answers
		}
	}
	elapsed := time.Since(begin)
	check(sum == n*(n-1)/2, "the answers came to %d", sum)
	done <- elapsed
}

// A binary tree of n actors: each spawns two, adds up what they counted, reports and ends.
func tree(n int64) []result {
	depth := bits.Len64(uint64(n+1)) - 2
	out := make(chan int64, 1)
	begin := time.Now()
	go node(depth, out)
	count := <-out
	elapsed := time.Since(begin)
	check(count == 1<<(depth+1)-1, "the tree counted %d", count)
	return []result{{name: "tree", count: count, unit: "actors/s", elapsed: elapsed}}
}

func node(depth int, out chan<- int64) {
	if depth == 0 {
		out <- 1
		return
	}
	counts := make(chan int64, 2)
	go node(depth-1, counts)
	go node(depth-1, counts)
	out <- <-counts + <-counts + 1
}
