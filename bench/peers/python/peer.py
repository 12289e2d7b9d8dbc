#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The benchmarks in Python: asyncio tasks with an asyncio.Queue as their mailbox.

    peer.py NAME --n N --cores 1

prints one JSON line per result. It is what Greenroom is compared with; it uses nothing of Greenroom. asyncio runs on
one core. A queue holds up to BOUND messages; a full one makes the sender wait.
"""

import argparse
import asyncio
import json
import math
import sys
import time

BOUND = 1024


class Wrong(Exception):
    """A benchmark's result is not what it should be."""


def check(good, text):
    if not good:
        raise Wrong(text)


def memory(field):
    """A line of /proc/self/status (VmRSS, VmHWM), in bytes."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    return 0


def result(name, count, unit, ns, **more):
    line = {"name": name, "loops": 1, "n": count, "seconds": ns / 1e9, "rate": round(count * 1e9 / ns, 1)}
    return line | {"unit": unit, "rss_bytes": memory("VmHWM")} | more | {"peer": "python"}


def percentiles(samples):
    samples.sort()
    p50, p99 = (samples[(len(samples) - 1) * percent // 100] for percent in (50, 99))
    return {"p50_ns": round(p50, 1), "p99_ns": round(p99, 1)}


async def ping_pong(n):
    """Two actors, n messages: half of them there, half of them back."""
    pings, pongs = asyncio.Queue(BOUND), asyncio.Queue(BOUND)

    async def ponger():
        while True:
            await pongs.put(await pings.get() + 1)

    async def pinger():
        number = 0
        begin = time.perf_counter_ns()
        while number < n // 2:
            await pings.put(number)
            number = await pongs.get()
        return time.perf_counter_ns() - begin

    other = asyncio.create_task(ponger())
    ns = await asyncio.create_task(pinger())
    other.cancel()
    yield result("ping_pong", n // 2 * 2, "messages/s", ns)


async def thread_ring(n):
    """100 actors in a ring pass a token on; n hops."""
    actors = 100
    ring = [asyncio.Queue(BOUND) for _ in range(actors)]
    ended = asyncio.get_running_loop().create_future()

    async def actor(index):
        mailbox, following = ring[index], ring[(index + 1) % actors]
        while True:
            hops = await mailbox.get()
            if hops == 0:
                ended.set_result(index)
            else:
                await following.put(hops - 1)

    tasks = [asyncio.create_task(actor(i)) for i in range(actors)]
    begin = time.perf_counter_ns()
    await ring[0].put(n)
    last = await ended
    ns = time.perf_counter_ns() - begin
    check(last == n % actors, f"the token ended at actor {last}")
    for task in tasks:
        task.cancel()
    yield result("thread_ring", n, "messages/s", ns)


async def count(name, senders, n):
    """`senders` producers send n increments together to one counter, then ask for the sum."""
    mailbox, each = asyncio.Queue(BOUND), n // senders

    async def counter():
        total, asked = 0, 0
        while asked < senders:
            amount = await mailbox.get()
            if amount is None:
                asked += 1
            else:
                total += amount
        return total

    async def producer(amount):
        for _ in range(each):
            await mailbox.put(amount)
        await mailbox.put(None)

    counting_task = asyncio.create_task(counter())
    begin = time.perf_counter_ns()
    await asyncio.gather(*(producer(i + 1) for i in range(senders)))
    total = await counting_task
    ns = time.perf_counter_ns() - begin
    check(total == each * senders * (senders + 1) // 2, f"the sum is {total}")
    return result(name, each * senders, "messages/s", ns)


async def counting(n):
    yield await count("counting", 1, n)


async def fan_in(n):
    yield await count("fan_in", 20, n)


async def fork_join(n):
    """60 actors that compute, one sender that gives them work in turn; n messages together."""
    actors, each = 60, n // 60
    mailboxes = [asyncio.Queue(BOUND) for _ in range(actors)]

    async def worker(mailbox):
        total = 0.0
        while (number := await mailbox.get()) is not None:
            total += math.sin(37.2 + number) ** 2
        return total

    tasks = [asyncio.create_task(worker(mailbox)) for mailbox in mailboxes]
    begin = time.perf_counter_ns()
    for number in [*range(each), None]:
        for mailbox in mailboxes:
            await mailbox.put(number)
    sums = await asyncio.gather(*tasks)
    ns = time.perf_counter_ns() - begin
    expected = math.fsum(math.sin(37.2 + number) ** 2 for number in range(each))
    check(all(abs(s - expected) < 1e-6 * expected + 1e-9 for s in sums), "a sum is wrong")
    yield result("fork_join", each * actors, "messages/s", ns)


async def chameneos(n):
    """100 creatures meet in pairs at one mall, n meetings together."""
    creatures, visits = 100, asyncio.Queue(BOUND)
    mailboxes = [asyncio.Queue(BOUND) for _ in range(creatures)]

    async def mall():
        for _ in range(n):
            first, _ = await visits.get()
            second, colour = await visits.get()
            await mailboxes[first].put((second, colour))
        for _ in range(creatures):
            index, _ = await visits.get()
            await mailboxes[index].put(None)

    async def creature(index):
        colour, meetings, mailbox = index % 3, 0, mailboxes[index]
        while True:
            await visits.put((index, colour))
            message = await mailbox.get()
            if message is None:
                return meetings
            meetings += 1
            other, theirs = message
            if other is None:
                colour = theirs
                continue
            colour = colour if colour == theirs else 3 - colour - theirs
            await mailboxes[other].put((None, colour))

    begin = time.perf_counter_ns()
    met = await asyncio.gather(mall(), *(creature(i) for i in range(creatures)))
    ns = time.perf_counter_ns() - begin
    check(sum(met[1:]) == 2 * n, f"the creatures met {sum(met[1:])} times")
    yield result("chameneos", n, "meetings/s", ns)


def transfers(n):
    """The sequence of transfers of banking."""
    value = 123456
    for drawn in range(n):
        value = (value * 1309 + 13849) & 65535
        source = value % 800
        value = (value * 1309 + 13849) & 65535
        yield source, source + max(1, value % (1000 - source)), drawn % 100 + 1


async def banking(n):
    """n transfers between 1000 accounts, 1000 of them under way. The source waits for a future that the destination
    completes; meanwhile other messages stay in its queue."""
    loop, paid = asyncio.get_running_loop(), asyncio.Queue(BOUND)
    mailboxes, balances = [asyncio.Queue(BOUND) for _ in range(1000)], [0] * 1000

    async def account(index):
        mailbox = mailboxes[index]
        while True:
            destination, amount, answer = await mailbox.get()
            if destination is None:
                balances[index] += amount
                answer.set_result(None)
                continue
            balances[index] -= amount
            taken = loop.create_future()
            await mailboxes[destination].put((None, amount, taken))
            await taken
            await paid.put(index)

    tasks, under_way = [asyncio.create_task(account(i)) for i in range(1000)], 0
    begin = time.perf_counter_ns()
    for source, destination, amount in transfers(n):
        if under_way == 1000:
            await paid.get()
            under_way -= 1
        await mailboxes[source].put((destination, amount, None))
        under_way += 1
    for _ in range(under_way):
        await paid.get()
    ns = time.perf_counter_ns() - begin
    for task in tasks:
        task.cancel()
    expected = [0] * 1000
    for source, destination, amount in transfers(n):
        expected[source] -= amount
        expected[destination] += amount
    check(balances == expected, "a balance is wrong")
    yield result("banking", n, "transfers/s", ns)


async def big(n):
    """120 actors ping random others, one ping outstanding each; n messages together."""
    actors = 120
    pings = n // 2 // actors
    mailboxes = [asyncio.Queue(BOUND) for _ in range(actors)]
    finished = asyncio.Queue()
    answered = [0] * actors

    async def actor(index):
        mailbox, value, left = mailboxes[index], index, pings
        target = None
        while True:
            if target is None and left > 0:
                value = (value * 1309 + 13849) & 65535
                target = value % (actors - 1)
                target += target >= index
                await mailboxes[target].put((True, index))
            is_ping, other = await mailbox.get()
            if is_ping:
                answered[index] += 1
                await mailboxes[other].put((False, index))
                continue
            check(other == target, f"actor {index} got a pong of {other}")
            target, left = None, left - 1
            if left == 0:
                await finished.put(index)

    begin = time.perf_counter_ns()
    tasks = [asyncio.create_task(actor(i)) for i in range(actors)]
    for _ in range(actors):
        await finished.get()
    ns = time.perf_counter_ns() - begin
    check(sum(answered) == pings * actors, f"{sum(answered)} pings were answered")
    for task in tasks:
        task.cancel()
    yield result("big", 2 * pings * actors, "messages/s", ns)


async def ask(n):
    """n requests one after the other, each with a future for its answer; latencies are means of batches of 100."""
    mailbox, batches, latencies = asyncio.Queue(BOUND), (n + 99) // 100, []

    async def server():
        while True:
            value, answer = await mailbox.get()
            answer.set_result(value + 1)

    loop = asyncio.get_running_loop()
    other = asyncio.create_task(server())
    begin = time.perf_counter_ns()
    for batch in range(batches):
        start = time.perf_counter_ns()
        for value in range(batch * 100, batch * 100 + 100):
            answer = loop.create_future()
            await mailbox.put((value, answer))
            check(await answer == value + 1, "an answer is wrong")
        latencies.append((time.perf_counter_ns() - start) / 100)
    ns = time.perf_counter_ns() - begin
    other.cancel()
    yield result("ask", batches * 100, "requests/s", ns, **percentiles(latencies))


async def timers(n):
    """100 actors arm n timers of 1 to 1000 ms together, 1000 a turn, each actor for itself. The rate is that of the
    arming; the latencies are how late each message came. The clock is read once for 100 timers, as reading it takes
    time. The queues have no bound: no sender could wait."""
    actors, each, loop, late, ends = 100, max(1, n // 100), asyncio.get_running_loop(), [], []

    async def actor(value):
        mailbox = asyncio.Queue()
        for armed in range(each):
            if armed % 1000 == 999:
                await asyncio.sleep(0)
            if armed % 100 == 0:
                now = time.perf_counter_ns()
            value = (value * 1309 + 13849) & 65535
            delay = value % 1000 + 1
            loop.call_later(delay / 1000, mailbox.put_nowait, now + delay * 1000000)
        ends.append(time.perf_counter_ns())
        for _ in range(each):
            due = await mailbox.get()
            late.append(time.perf_counter_ns() - due)

    begin = time.perf_counter_ns()
    await asyncio.gather(*(actor(i) for i in range(actors)))
    check(len(late) == each * actors, f"{len(late)} timers fired")
    yield result("timers", each * actors, "timers/s", max(ends) - begin, **percentiles(late))


async def coroutines(n):
    """n tasks, 1000 a turn, each of which has been asked once and waits for its next message."""

    async def waiting(mailbox):
        while True:
            (await mailbox.get()).set_result(None)

    loop, before, tasks = asyncio.get_running_loop(), memory("VmRSS"), [None] * n
    begin = time.perf_counter_ns()
    for first in range(0, n, 1000):
        turn, answers = range(first, min(first + 1000, n)), []
        for number in turn:
            mailbox = asyncio.Queue(BOUND)
            tasks[number] = asyncio.create_task(waiting(mailbox))
            answers.append(loop.create_future())
            mailbox.put_nowait(answers[-1])
        for answer in answers:
            await answer
    ns = time.perf_counter_ns() - begin
    rss = memory("VmRSS")
    yield result("coroutines", n, "actors/s", ns, bytes_per_actor=(rss - before) // n) | {"rss_bytes": rss}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def gather(name, function, n):
    begin = time.perf_counter_ns()
    values = await asyncio.gather(*(function(i) for i in range(n)))
    ns = time.perf_counter_ns() - begin
    check(sum(values) == n * (n + 1) // 2, "the sum of the results is wrong")
    return result(name, n, "tasks/s", ns)


async def coroutines_gather(n):
    """n tasks that end at once are started and gathered."""

    async def add_one(value):
        return value + 1

    yield await gather("coroutines_gather", add_one, n)


async def coroutines_alive(n):
    """The same with tasks each of which lets all others begin before it ends."""
    begun = 0

    async def add_one(value):
        nonlocal begun
        begun += 1
        await asyncio.sleep(0)
        check(begun == n, f"only {begun} tasks are alive together")
        return value + 1

    yield await gather("coroutines_alive", add_one, n)


async def spawn(n):
    """One actor spawns n others, 1000 a turn. Each gets one message, answers it, and lives on until all have. Twice."""
    tasks = [None] * n
    for name in ("spawn_cold", "spawn"):
        before, answers, total = memory("VmRSS"), asyncio.Queue(BOUND), 0

        async def greeted(mailbox):
            while True:
                await answers.put(await mailbox.get())

        begin = time.perf_counter_ns()
        for first in range(0, n, 1000):
            turn = range(first, min(first + 1000, n))
            for number in turn:
                mailbox = asyncio.Queue(BOUND)
                tasks[number] = asyncio.create_task(greeted(mailbox))
                mailbox.put_nowait(number)
            for _ in turn:
                total += await answers.get()
        ns = time.perf_counter_ns() - begin
        check(total == n * (n - 1) // 2, f"the answers came to {total}")
        rss = memory("VmRSS")
        more = {"bytes_per_actor": (rss - before) // n} if name == "spawn_cold" else {}
        yield result(name, n, "actors/s", ns, **more) | {"rss_bytes": rss}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def tree(n):
    """A binary tree of n actors: each starts two, adds up what they counted, reports and ends."""

    async def node(depth):
        if depth == 0:
            return 1
        a, b = asyncio.create_task(node(depth - 1)), asyncio.create_task(node(depth - 1))
        return await a + await b + 1

    depth = (n + 1).bit_length() - 2
    begin = time.perf_counter_ns()
    total = await asyncio.create_task(node(depth))
    ns = time.perf_counter_ns() - begin
    check(total == 2 ** (depth + 1) - 1, f"the tree counted {total}")
    yield result("tree", total, "actors/s", ns)


BENCHMARKS = (
    ping_pong, thread_ring, counting, fan_in, fork_join, chameneos, big, banking, ask, timers, coroutines,
    coroutines_gather, coroutines_alive, spawn, tree,
)


async def run(benchmark, n):
    async for line in benchmark(n):
        print(json.dumps(line, separators=(",", ":")), flush=True)


def main():
    names = {benchmark.__name__: benchmark for benchmark in BENCHMARKS}
    parser = argparse.ArgumentParser(description="The benchmarks in Python.")
    parser.add_argument("name", choices=sorted(names))
    parser.add_argument("--n", type=int, default=200000, help="how many of what the rate counts")
    parser.add_argument("--cores", type=int, choices=[1], default=1, help="asyncio runs on one")
    options = parser.parse_args()
    try:
        asyncio.run(run(names[options.name], options.n))
    except Wrong as wrong:
        sys.exit(f"peer: wrong result: {wrong}")


if __name__ == "__main__":
    main()
