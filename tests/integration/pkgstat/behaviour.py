#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How pkgstat behaves around its work: options, errors, terminals, signals and memory.

    behaviour.py [--quick] PROGRAM

--quick streams 200 MB instead of 2 GB through it, and is what a build with sanitizers can do: memory is not checked then.
"""
import argparse
import errno
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

RSS_MAX_KIB = 64 * 1024
INDEX = b"Package: a\nSection: s\nDepends: b\n\nbad\n"


class Checks:
    def __init__(self, program):
        self.program = program
        self.passed = self.failed = 0

    def check(self, name, good, shown=""):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print("FAILED %s: %s" % (name, str(shown)[:1000]))

    def run(self, *arguments, stdin=b"", **environment):
        return subprocess.run([self.program, *arguments], input=stdin, capture_output=True, timeout=60,
                              env={**os.environ, **environment})

    def start(self, *arguments, **options):
        return subprocess.Popen([self.program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)


def check_options(c):
    done = c.run("--help")
    words = (b"--json", b"--loops", b"--parsers")
    c.check("help", done.returncode == 0 and all(word in done.stdout for word in words), done)
    done = c.run("--version")
    c.check("version", done.returncode == 0 and re.fullmatch(rb"pkgstat \(Greenroom\) [0-9.]+\n", done.stdout), done)
    for option in ("--loops", "--parsers"):
        for value in ("0", "-1", "x", "1x", "", " 1", "63" if option == "--loops" else "1001", "99999999999999999999"):
            done = c.run(option + "=" + value)
            c.check("bad " + option, done.returncode == 64 and option.encode() in done.stderr and not done.stdout, done)
    done = c.run("--no-such-option")
    c.check("unknown option", done.returncode == 64 and done.stderr, done)
    done = c.run("--json", stdin=INDEX, GR_LOOPS="many")
    c.check("bad GR_LOOPS", done.returncode == 2 and b"GR_LOOPS" in done.stderr and not done.stdout, done)


def check_errors(c, folder):
    good = os.path.join(folder, "good")
    with open(good, "wb") as file:
        file.write(INDEX)
    done = c.run("--json", good, os.path.join(folder, "missing"))
    c.check("missing file", done.returncode == 1 and not done.stdout and b"missing: No such file" in done.stderr, done)
    done = c.run(folder)
    c.check("folder", done.returncode == 1 and not done.stdout and b"Is a directory" in done.stderr, done)
    done = c.run("--json", good)
    c.check("malformed is no error", done.returncode == 0 and done.stdout and done.stderr ==
            b"pkgstat: %s:5: malformed paragraph: line 5 is neither a field nor a continuation\n" % good.encode(), done)
    done = c.run("--json", "-", stdin=b"bad\n\n" * 22)
    last = b"pkgstat: 2 more malformed paragraphs\n"
    c.check("at most twenty", len(done.stderr.splitlines()) == 21 and done.stderr.endswith(last), done)
    done = c.run(good, NO_COLOR="", TERM="xterm")
    c.check("no colour into a pipe", done.returncode == 0 and b"\033" not in done.stdout + done.stderr, done)
    c.check("text", b"Packages" in done.stdout and b"MB/s" in done.stdout, done)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([c.program, good], stdout=full, stderr=subprocess.PIPE, timeout=60)
    c.check("full disk", done.returncode == 1 and os.strerror(errno.ENOSPC).encode() in done.stderr, done)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([c.program, good], stdout=writer, stderr=subprocess.PIPE, timeout=60)
    os.close(writer)
    c.check("closed pipe", done.returncode == 1 and os.strerror(errno.EPIPE).encode() in done.stderr, done)


def check_named_pipe(c, folder):
    path = os.path.join(folder, "pipe")
    os.mkfifo(path)
    process = c.start("--json", path)
    with open(path, "wb") as file:
        for i in range(0, len(INDEX), 7):
            file.write(INDEX[i:i + 7])
            file.flush()
    out, _ = process.communicate(timeout=60)
    c.check("named pipe", process.returncode == 0 and out.startswith(b'{"packages":1,"malformed":1,'), out)


class Terminal:
    """pkgstat with its stderr, and if wanted its stdout, on a terminal."""

    def __init__(self, c, arguments, stdin, both, **environment):
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen([c.program, *arguments], stdin=stdin, stderr=theirs,
                                        stdout=theirs if both else subprocess.PIPE,
                                        env={**os.environ, "TERM": "xterm", **environment})
        os.close(theirs)
        self.seen = b""

    def read_until(self, pattern, seconds=20):
        """Reads what the terminal shows until it matches, or all is shown."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.seen) and time.monotonic() < end:
            if not select.select([self.ours], [], [], 0.1)[0]:
                continue
            try:
                more = os.read(self.ours, 65536)
            except OSError:
                break
            if not more:
                break
            self.seen += more
        return re.search(pattern, self.seen)

    def end(self):
        self.read_until(rb"(?!)")
        os.close(self.ours)
        return self.process.wait(timeout=20)


def check_terminal(c, folder):
    path = os.path.join(folder, "good")
    reader, writer = os.pipe()
    terminal = Terminal(c, ["-"], reader, False)
    os.close(reader)
    os.write(writer, INDEX[:INDEX.index(b"bad")] * 1000)
    c.check("progress line", terminal.read_until(rb"\r\033\[Kpkgstat .* MB"), terminal.seen)
    os.close(writer)
    out = terminal.process.stdout.read()
    code = terminal.end()
    c.check("progress is erased", terminal.seen.endswith(b"\r\033[K"), terminal.seen[-300:])
    c.check("report apart from it", code == 0 and b"\033" not in out and b"Packages" in out, out)
    for no_color, coloured in (("", True), ("1", False)):
        terminal = Terminal(c, [path], subprocess.DEVNULL, True, NO_COLOR=no_color)
        code = terminal.end()
        c.check("colour, NO_COLOR=%r" % no_color, code == 0 and (b"\033[1m" in terminal.seen) == coloured, terminal.seen)
    terminal = Terminal(c, [path], subprocess.DEVNULL, True, TERM="dumb")
    c.check("dumb terminal", terminal.end() == 0 and b"\033" not in terminal.seen, terminal.seen)


def interrupt(c, name, process, number=signal.SIGINT):
    """Ends it by a signal and checks how it ends."""
    start = time.monotonic()
    process.send_signal(number)
    try:
        out, err = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    seconds = time.monotonic() - start
    c.check(name, process.returncode == 128 + number and seconds < 1 and not out + err,
            (process.returncode, seconds, out[:100], err))


def check_signals(c, folder):
    """The runtime takes signals once it runs: that it has read what a pipe holds shows that it does."""
    for number in (signal.SIGINT, signal.SIGTERM):
        process = c.start("--json")
        feed_until_full(process, INDEX * 1000, 4 << 20)
        interrupt(c, "signal %d while reading" % number, process, number)
    process = c.start("--json", "--loops", "2", "--parsers", "7")
    feed_until_full(process, b"x" * 65536, 4 << 20)
    interrupt(c, "signal within a large paragraph", process)
    path = os.path.join(folder, "silent")
    os.mkfifo(path)
    process = c.start("--json", "-", path)
    process.stdin.write(INDEX * 100)
    process.stdin.close()
    process.stdin = None
    writer = os.open(path, os.O_WRONLY)  # returns when it has come to this input
    interrupt(c, "signal while a named pipe is silent", process)
    os.close(writer)


def feed_until_full(process, data, size):
    while size > 0:
        process.stdin.write(data)
        size -= len(data)
    process.stdin.flush()


def stream(size):
    """Writes paragraphs with 200,000 names in all, over and over, until that many bytes are out; says how many on stderr."""
    names = [b"name-%06d" % i for i in range(200000)]
    blocks = []
    for step in range(0, 7 * 7919, 7919):
        block = []
        for i in range(0, 200000, 20):
            some = [names[(j * 7 + step) % 180000] for j in range(i, i + 20)]
            pair = names[180000 + i // 20], names[190000 + i // 20]
            block.append(b"Package: p\nSection: %s\nMaintainer: %s\nDepends: %s\nDescription: %s\n\n" % (
                *pair, b", ".join(some), b"x" * 600))
        blocks.append(b"".join(block))
    sent = 0
    while sent < size:
        sent += sys.stdout.buffer.write(blocks[sent % 7])
    sys.stdout.buffer.flush()
    print(sent, file=sys.stderr)


def check_memory(c, size, limited):
    """The most resident memory while a large input is streamed. The stream comes from a process of its own: what wait4 tells
    of a child is at least what its parent had when it started the child, so this process stays small."""
    for parsers in ("1", "2", "4", "16"):
        part = size if parsers == "2" else size // 8
        writer = subprocess.Popen([sys.executable, __file__, "--stream", str(part), ""], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        process = subprocess.Popen([c.program, "--json", "--parsers", parsers], stdin=writer.stdout, stdout=subprocess.PIPE)
        writer.stdout.close()
        out = process.stdout.read()
        sent = int(writer.stderr.read() or 0)
        writer.wait()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        print("%d MB, %s parsers: %d KiB resident, %.1f s of CPU"
              % (sent / 1e6, parsers, usage.ru_maxrss, usage.ru_utime + usage.ru_stime))
        right = b'"malformed":0,"bytes":%d,' % sent in out
        c.check("result of a large input", process.returncode == 0 and sent >= part and right, out[:300])
        c.check("memory", not limited or usage.ru_maxrss < RSS_MAX_KIB, usage.ru_maxrss)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--stream", type=int, help=argparse.SUPPRESS)
    parser.add_argument("program")
    options = parser.parse_args()
    if options.stream is not None:
        stream(options.stream)
        return
    c = Checks(options.program)
    with tempfile.TemporaryDirectory() as folder:
        check_options(c)
        check_errors(c, folder)
        check_named_pipe(c, folder)
        check_terminal(c, folder)
        check_signals(c, folder)
        check_memory(c, 200_000_000 if options.quick else 2_000_000_000, not options.quick)
    print("pkgstat_behaviour: %d passed, %d failed" % (c.passed, c.failed))
    sys.exit(c.failed > 0)


if __name__ == "__main__":
    main()
