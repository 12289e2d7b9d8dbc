// SPDX-License-Identifier: Apache-2.0

// The benchmarks that send messages between actors that stay.
package main

import (
	"math"
	"runtime"
	"sync"
	"time"
)

type ball struct{ number int64 }

// Two actors, n messages: half of them there, half of them back.
func pingPong(n int64) []result {
	rounds := n / 2
	pings := make(chan ball, smallCapacity)
	pongs := make(chan ball, smallCapacity)
	go func() {
		for ping := range pings {
			pongs <- ball{ping.number + 1}
		}
		close(pongs)
	}()
	done := make(chan time.Duration)
	go func() {
		begin := time.Now()
		last := int64(0)
		for i := int64(0); i < rounds; i++ {
			pings <- ball{i}
			last = (<-pongs).number
		}
		elapsed := time.Since(begin)
		check(last == rounds, "the last pong is %d", last)
		close(pings)
		done <- elapsed
	}()
	return []result{{name: "ping_pong", count: 2 * rounds, unit: "messages/s", elapsed: <-done}}
}

// 100 actors in a ring pass a token on; n hops.
func threadRing(n int64) []result {
	const actors = 100
	type token struct{ hops int64 }
	type end struct {
		actor int64
		when  time.Time
	}
	ring := make([]chan token, actors)
	for i := range ring {
		ring[i] = make(chan token, smallCapacity)
	}
	ended := make(chan end)
	for i := range ring {
		go func(me int64, mailbox <-chan token, next chan<- token) {
			for t := range mailbox {
				if t.hops == 0 {
					ended <- end{me, time.Now()}
				} else {
					next <- token{t.hops - 1}
				}
			}
		}(int64(i), ring[i], ring[(i+1)%actors])
	}
	begin := time.Now()
	ring[0] <- token{n}
	last := <-ended
	check(last.actor == n%actors, "the token ended at actor %d", last.actor)
	return []result{{name: "thread_ring", count: n, unit: "messages/s", elapsed: last.when.Sub(begin)}}
}

type increment struct{ amount int64 }

// counter adds up until its mailbox is closed, Go's way to ask for the sum.
func counter(mailbox <-chan increment, answer chan<- int64) {
	sum := int64(0)
	for m := range mailbox {
		sum += m.amount
	}
	answer <- sum
}

// A producer sends n increments to a counter, then asks for the sum. Its turns end where the channel is full:
// yielding earlier is no faster.
func counting(n int64) []result {
	mailbox := make(chan increment, burstCapacity)
	answer := make(chan int64)
	done := make(chan time.Duration)
	go counter(mailbox, answer)
	go func() {
		begin := time.Now()
		for i := int64(0); i < n; i++ {
			mailbox <- increment{1}
		}
		close(mailbox)
		sum := <-answer
		elapsed := time.Since(begin)
		check(sum == n, "the sum is %d", sum)
		done <- elapsed
	}()
	return []result{{name: "counting", count: n, unit: "messages/s", elapsed: <-done}}
}

// As fast as it can, with the bound of the channel: in Go the same program as counting.
func countingBurst(n int64) []result {
	r := counting(n)[0]
	r.name = "counting_burst"
	return []result{r}
}

// 20 senders, one receiver, n messages together. A sender yields after 1000, which is a third faster than without.
func fanIn(n int64) []result {
	const senders, turn = 20, 1000
	each := n / senders
	mailbox := make(chan increment, burstCapacity)
	answer := make(chan int64)
	var sending sync.WaitGroup
	sending.Add(senders)
	go counter(mailbox, answer)
	begin := time.Now()
	for i := int64(1); i <= senders; i++ {
		go func(amount int64) {
			for k := int64(0); k < each; k++ {
				mailbox <- increment{amount}
				if k%turn == turn-1 {
					runtime.Gosched()
				}
			}
			sending.Done()
		}(i)
	}
	sending.Wait()
	close(mailbox)
	sum := <-answer
	elapsed := time.Since(begin)
	check(sum == each*senders*(senders+1)/2, "the sum is %d", sum)
	return []result{{name: "fan_in", count: each * senders, unit: "messages/s", elapsed: elapsed}}
}

// 60 actors that compute, one sender that gives them work in turn; n messages together.
func forkJoin(n int64) []result {
	const actors = 60
	each := n / actors
	type work struct{ number int64 }
	mailboxes := make([]chan work, actors)
	sums := make(chan float64, actors)
	for i := range mailboxes {
		mailboxes[i] = make(chan work, burstCapacity)
		go func(mailbox <-chan work) {
			sum := 0.0
			for w := range mailbox {
				s := math.Sin(37.2 + float64(w.number))
				sum += s * s
			}
			sums <- sum
		}(mailboxes[i])
	}
	begin := time.Now()
	for number := int64(0); number < each; number++ {
		for _, mailbox := range mailboxes {
			mailbox <- work{number}
		}
	}
	for _, mailbox := range mailboxes {
		close(mailbox)
	}
	expected := 0.0
	found := make([]float64, actors)
	for i := range found {
		found[i] = <-sums
	}
	elapsed := time.Since(begin)
	for number := int64(0); number < each; number++ {
		s := math.Sin(37.2 + float64(number))
		expected += s * s
	}
	for _, sum := range found {
		check(math.Abs(sum-expected) < 1e-6*expected+1e-9, "an actor's sum is %g, not %g", sum, expected)
	}
	return []result{{name: "fork_join", count: each * actors, unit: "messages/s", elapsed: elapsed}}
}

// A ping, or with `pong` its answer.
type bigMessage struct {
	from int32
	pong bool
}

// 120 actors ping random others, one ping outstanding each; n messages together. A mailbox holds at most one message
// of each other actor, so none of these channels is ever full.
func big(n int64) []result {
	const actors = 120
	pings := n / 2 / actors
	mailboxes := make([]chan bigMessage, actors)
	for i := range mailboxes {
		mailboxes[i] = make(chan bigMessage, 128)
	}
	finished := make(chan struct{}, actors)
	answered := make(chan int64, actors)
	begin := time.Now()
	for i := range mailboxes {
		go bigActor(int32(i), pings, mailboxes, finished, answered)
	}
	for range mailboxes {
		<-finished
	}
	elapsed := time.Since(begin)
	total := int64(0)
	for i := range mailboxes {
		close(mailboxes[i])
		total += <-answered
	}
	check(total == pings*actors, "%d pings were answered", total)
	return []result{{name: "big", count: 2 * pings * actors, unit: "messages/s", elapsed: elapsed}}
}

func bigActor(me int32, pings int64, mailboxes []chan bigMessage, finished chan<- struct{}, answered chan<- int64) {
	value := int64(me)
	target := int32(-1)
	count := int64(0)
	next := func() {
		value = (value*1309 + 13849) & 65535
		target = int32(value % int64(len(mailboxes)-1))
		if target >= me {
			target++
		}
		mailboxes[target] <- bigMessage{from: me}
	}
	next()
	for m := range mailboxes[me] {
		if !m.pong {
			count++
			mailboxes[m.from] <- bigMessage{from: me, pong: true}
			continue
		}
		check(m.from == target, "actor %d got a pong of %d, not of %d", me, m.from, target)
		if pings--; pings > 0 {
			next()
		} else {
			finished <- struct{}{}
		}
	}
	answered <- count
}

type question struct {
	value int64
	reply chan<- int64
}

// n requests one after the other; latencies are means of batches of 100. The channel of the answer is used again.
func ask(n int64) []result {
	const batch = 100
	mailbox := make(chan question, smallCapacity)
	go func() {
		for q := range mailbox {
			q.reply <- q.value + 1
		}
	}()
	type outcome struct {
		elapsed   time.Duration
		latencies []float64
	}
	done := make(chan outcome)
	batches := (n + batch - 1) / batch
	go func() {
		latencies := make([]float64, 0, batches)
		reply := make(chan int64, 1)
		begin := time.Now()
		for i := int64(0); i < batches; i++ {
			start := time.Now()
			for k := int64(0); k < batch; k++ {
				mailbox <- question{i*batch + k, reply}
				answer := <-reply
				if answer != i*batch+k+1 {
					check(false, "question %d was answered %d", i*batch+k, answer)
				}
			}
			latencies = append(latencies, float64(time.Since(start).Nanoseconds())/batch)
		}
		done <- outcome{time.Since(begin), latencies}
	}()
	o := <-done
	return []result{{name: "ask", count: batches * batch, unit: "requests/s", elapsed: o.elapsed, latencies: o.latencies}}
}
