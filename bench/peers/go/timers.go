// SPDX-License-Identifier: Apache-2.0

// The benchmark of timers.
package main

import "time"

// 100 actors arm n timers of 1 to 1000 ms together, 100 a turn, each actor for itself. The rate is that of the arming;
// the latencies are how late each message came.
func timers(n int64) []result {
	const actors = 100
	each := n / actors
	if each < 1 {
		each = 1
	}
	type outcome struct {
		armed time.Time
		late  []float64
	}
	done := make(chan outcome, actors)
	begin := time.Now()
	for i := int64(0); i < actors; i++ {
		go func(value int64) {
			armed, late := armAndWait(value, each)
			done <- outcome{armed, late}
		}(i)
	}
	last := begin
	var late []float64
	for i := 0; i < actors; i++ {
		o := <-done
		late = append(late, o.late...)
		if o.armed.After(last) {
			last = o.armed
		}
	}
	check(int64(len(late)) == each*actors, "%d timers fired", len(late))
	return []result{{name: "timers", count: each * actors, unit: "timers/s", elapsed: last.Sub(begin), latencies: late}}
}

// One actor: it returns when it had armed all, and how late each was in nanoseconds.
func armAndWait(value, count int64) (time.Time, []float64) {
	const turn, batch = 100, 100
	mailbox := make(chan time.Time, burstCapacity)
	late := make([]float64, 0, count)
	var now time.Time
	for armed := int64(0); armed < count; {
		for i := 0; i < turn && armed < count; i++ {
			if i%batch == 0 {
				now = time.Now()
			}
			value = (value*1309 + 13849) & 65535
			delay := time.Duration(value%1000+1) * time.Millisecond
			due := now.Add(delay)
			time.AfterFunc(delay, func() { mailbox <- due })
			armed++
		}
		for waiting := len(mailbox); waiting > 0; waiting-- {
			due := <-mailbox
			late = append(late, float64(time.Since(due).Nanoseconds()))
		}
	}
	end := time.Now()
	for int64(len(late)) < count {
		due := <-mailbox
		late = append(late, float64(time.Since(due).Nanoseconds()))
	}
	return end, late
}
