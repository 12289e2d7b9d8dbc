// SPDX-License-Identifier: Apache-2.0

// The benchmarks in which actors meet through a third: chameneos and banking.
package main

import "time"

// To the mall: a visit of a creature, or with `leaving` how many meetings it took part in.
type mallMessage struct {
	from     int32
	colour   int32
	leaving  bool
	meetings int64
}

type creatureKind int8

const (
	meet   creatureKind = iota // from the mall: `other` came too
	change                     // from the other: the receiver's new colour
	leave                      // from the mall
)

type creatureMessage struct {
	kind   creatureKind
	other  int32
	colour int32
}

// 100 creatures meet in pairs at one mall, n meetings together. A creature waits for one message at a time, and the
// mall for one of each creature, so none of these channels is ever full.
func chameneos(n int64) []result {
	const creatures = 100
	mall := make(chan mallMessage, creatures)
	mailboxes := make([]chan creatureMessage, creatures)
	for i := range mailboxes {
		mailboxes[i] = make(chan creatureMessage, smallCapacity)
	}
	sum := make(chan int64)
	begin := time.Now()
	go runMall(n, mall, mailboxes, sum)
	for i := range mailboxes {
		go creature(int32(i), mall, mailboxes)
	}
	met := <-sum
	elapsed := time.Since(begin)
	check(met == 2*n, "the creatures met %d times", met)
	return []result{{name: "chameneos", count: n, unit: "meetings/s", elapsed: elapsed}}
}

func runMall(left int64, mailbox <-chan mallMessage, creatures []chan creatureMessage, sum chan<- int64) {
	waiting := int32(-1)
	total := int64(0)
	for gone := 0; gone < len(creatures); {
		m := <-mailbox
		switch {
		case m.leaving:
			total += m.meetings
			gone++
		case left == 0:
			creatures[m.from] <- creatureMessage{kind: leave}
		case waiting < 0:
			waiting = m.from
		default:
			left--
			creatures[waiting] <- creatureMessage{kind: meet, other: m.from, colour: m.colour}
			waiting = -1
		}
	}
	sum <- total
}

func creature(me int32, mall chan<- mallMessage, creatures []chan creatureMessage) {
	colour := me % 3
	meetings := int64(0)
	for {
		mall <- mallMessage{from: me, colour: colour}
		m := <-creatures[me]
		switch m.kind {
		case meet:
			meetings++
			if colour != m.colour {
				colour = 3 - colour - m.colour
			}
			creatures[m.other] <- creatureMessage{kind: change, colour: colour}
		case change:
			meetings++
			colour = m.colour
		case leave:
			mall <- mallMessage{from: me, leaving: true, meetings: meetings}
			return
		}
	}
}

const (
	accounts = 1000
	sources  = 800
	underWay = 1000
	seed     = 123456
)

// The sequence of transfers.
type transfers struct{ value, drawn int64 }

func (t *transfers) draw(below int64) int64 {
	t.value = (t.value*1309 + 13849) & 65535
	return t.value % below
}

func (t *transfers) next() (source, destination, amount int64) {
	source = t.draw(sources)
	step := t.draw(accounts - source)
	if step < 1 {
		step = 1
	}
	amount = t.drawn%100 + 1
	t.drawn++
	return source, source + step, amount
}

// To an account: pay `amount` to an account, or with `to` nil take it and answer.
type payment struct {
	amount   int64
	to       chan<- payment
	answerTo chan<- struct{}
}

// n transfers between 1000 accounts, 1000 of them under way. The source waits for the answer of the destination in a
// channel of its own; meanwhile other messages stay in its mailbox.
func banking(n int64) []result {
	mailboxes := make([]chan payment, accounts)
	balances := make([]chan int64, accounts)
	paid := make(chan struct{}, underWay)
	for i := range mailboxes {
		mailboxes[i] = make(chan payment, accountCapacity)
		balances[i] = make(chan int64, 1)
		go account(mailboxes[i], paid, balances[i])
	}
	all := transfers{value: seed}
	begin := time.Now()
	for reported := int64(0); reported < n; {
		for all.drawn < n && all.drawn-reported < underWay {
			source, destination, amount := all.next()
			mailboxes[source] <- payment{amount: amount, to: mailboxes[destination]}
		}
		<-paid
		reported++
	}
	elapsed := time.Since(begin)
	expected := make([]int64, accounts)
	for again := (transfers{value: seed}); again.drawn < n; {
		source, destination, amount := again.next()
		expected[source] -= amount
		expected[destination] += amount
	}
	for i := range mailboxes {
		close(mailboxes[i])
		balance := <-balances[i]
		check(balance == expected[i], "the balance of account %d is %d, not %d", i, balance, expected[i])
	}
	return []result{{name: "banking", count: n, unit: "transfers/s", elapsed: elapsed}}
}

func account(mailbox <-chan payment, paid chan<- struct{}, balances chan<- int64) {
	balance := int64(0)
	answer := make(chan struct{}, 1)
	for m := range mailbox {
		if m.to == nil {
			balance += m.amount
			m.answerTo <- struct{}{}
			continue
		}
		balance -= m.amount
		m.to <- payment{amount: m.amount, answerTo: answer}
		<-answer
		paid <- struct{}{}
	}
	balances <- balance
}
