#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes package indices that are right, nearly right and wrong, from a seed: the same seed gives the same files.

    generate.py SEED FOLDER    writes FOLDER/SEED-0, SEED-1, ... and prints their names
"""
import os
import random
import sys

LIMIT = 8 * 1024 * 1024
SPACES = [b" ", b"\t", b"\v", b"\f", b"\r", b"\0"]
ILL_FORMED = [b"\xff", b"\x80", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80",
              b"\xe2(\xa1", b"\xf8\x88\x80\x80\x80", b"\xc3\xc3\xa9", b"\xf0\x80", b"\xf1\x80\x80\xe1\x80\xc0"]
NAMES = [b"a", b"b", b"A", b"aa", b"libc6", b"zlib1g", b"J\xc3\xb6rg <j@x>", b"\xe6\x97\xa5\xe6\x9c\xac",
         b"\xf0\x9f\x98\x80", b'quote"back\\slash', b"tab\there", b"nul\0nul", b"\x01\x1f\x7f", b"\xef\xbf\xbd",
         b"caf\xc3\xa9", b"cafe"]
NUMBERS = [b"0", b"1", b"5", b"99", b"007", b"+5", b"-5", b"5 kB", b"", b"1_000", b"0x10", b"1e3", b"1.5", b"\xd9\xa3",
           b"9223372036854775807", b"9223372036854775808", b"18446744073709551615", b"18446744073709551616",
           b"0" * 30 + b"7", b"0" * 5000, b"9" * 5000, b"9223372036854775807" * 2, b"1\0"]
TOKENS = [b"Package:", b"package: x", b"\n", b"\n", b"\n\n", b"\r\n", b"\r", b"\r\r\n", b" ", b"\t", b"\v", b"\f", b"\0",
          b":", b"a", b"Section: s", b"Depends: a", b"Pre-Depends: b|c", b"Maintainer:", b"Installed-Size: 3", b",", b"|",
          b"\xff", b"\xe2\x82", b"\xac", b"#", b"x y: z", b"\n ", b"\n\t", b"\r\n "]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        r = self.random
        self.end = r.choice([b"\n", b"\n", b"\r\n", None])  # None: mixed
        self.odd = r.choice([0, 0.01, 0.1, 0.3])            # how often something is wrong with a line
        self.ill_formed = r.choice([0, 0.02, 0.3])          # how often a name is
        self.names = [self.new_name() for _ in range(r.choice([3, 15, 60]))]

    def chance(self, p):
        return self.random.random() < p

    def line_end(self):
        return self.end or self.random.choice([b"\n", b"\r\n"])

    def new_name(self):
        r = self.random
        name = r.choice(NAMES) if self.chance(0.4) else bytes(r.choices(b"abcxyz0-+.", k=r.randint(1, 12)))
        if self.chance(self.ill_formed):
            at = r.randint(0, len(name))
            name = name[:at] + r.choice(ILL_FORMED) + name[at:]
        if self.chance(0.01):
            name = name * r.choice([100, 3000])
        return name

    def name(self):
        return self.random.choice(self.names)

    def padding(self):
        r = self.random
        return b"".join(r.choices(SPACES[:5] if self.chance(0.2) else SPACES[:2], k=r.choice([0, 0, 1, 1, 2, 5])))

    def padded(self, value):
        if self.chance(0.7):
            return b" " + value
        return self.padding() + value + self.padding()

    def alternative(self):
        r = self.random
        suffix = r.choice([b"", b"", b" (>= 1.2)", b"(<<1:3~)", b":any", b":any (>= 1)", b" [amd64 !arm]", b" <!nocheck>",
                           b":i386 (= 2) [linux-any] <!a> <b>", b" trailing words", b" ", b":", b" (", b"\t(>= 1, 2)"])
        return r.choice([b"", b" ", b"  "]) + (b"" if self.chance(0.05) else self.name()) + suffix

    def dependencies(self):
        r = self.random
        text = b""
        for i in range(r.choice([0, 1, 1, 2, 5, 20])):
            if i > 0:
                text += r.choice([b",", b", ", b",", b"|", b" | ", b",,", b" , "])
            text += self.alternative()
        return text

    def value(self, key):
        if key == b"Installed-Size":
            return self.random.choice(NUMBERS) if self.chance(0.3) else b"%d" % self.random.randint(0, 10**6)
        if key in (b"Depends", b"Pre-Depends"):
            return self.dependencies()
        return b"" if self.chance(0.05) else self.name()

    def spelling(self, key):
        if self.chance(0.8):
            return key
        return bytes(self.random.choice([c, c ^ 0x20]) if 65 <= c & 0xdf <= 90 else c for c in key)

    def field(self, key):
        line = self.spelling(key) + b":" + self.padded(self.value(key)) + self.line_end()
        while self.chance(0.15):
            line += self.random.choice([b" ", b"\t"]) + self.padded(self.value(key) or b".") + self.line_end()
        return line

    def odd_line(self):
        r = self.random
        return r.choice([b"no colon here", b": no key", b"white space: x", b"\vPackage: x", b"\rPackage: x", b"\r",
                         b"\v", b"\f \v", b" \r ", b" \v", b"#comment", b"#comment: x", b"Packag\xe9: x",
                         b"Package\0: x", b"\0: x", b"Package : x", b"Package:x:y", b"Package",
                         bytes(r.choices(range(256), k=r.randint(1, 60)))]) + self.line_end()

    def paragraph(self):
        r = self.random
        keys = [b"Package", b"Section", b"Maintainer", b"Installed-Size", b"Depends", b"Pre-Depends"]
        keys = [key for key in keys if key == b"Package" and not self.chance(0.05) or self.chance(0.85)]
        keys += r.choices([b"Version", b"Description", b"Package2", b"Pack", b"Maintaine", b"Installed_Size",
                           b"DependS-"], k=r.randint(0, 4))
        if self.chance(0.1):
            keys += r.choices(keys, k=r.randint(1, 3))
        if self.chance(0.5):
            r.shuffle(keys)
        lines = [self.field(key) for key in keys]
        if self.chance(self.odd):
            lines.insert(r.randint(0, len(lines)), self.odd_line())
        if self.chance(0.02):
            lines.insert(0, b" continued" + self.line_end())
        return b"".join(lines)

    def blank(self):
        r = self.random
        return b"".join(b"".join(r.choices(SPACES[:2], k=r.choice([0, 0, 0, 1, 3]))) + self.line_end()
                        for _ in range(r.choice([1, 1, 1, 2, 4])))

    def index(self):
        r = self.random
        data = self.blank() if self.chance(0.2) else b""
        for _ in range(r.choice([0, 1, 2, 10, 40])):
            data += self.paragraph() + self.blank()
        data += r.choice([b"", b"", b" ", b"\t\r\n", b"\r", b"Package: last", b"Package: last\r", b"Package", b" \r",
                          b"\n\n", self.paragraph()])
        if self.chance(0.2):
            data = data[:r.randint(0, len(data))]
        return data

    def soup(self):
        return b"".join(self.random.choices(TOKENS, k=self.random.randint(0, 300)))

    def noise(self):
        r = self.random
        return bytes(r.choices(r.choice([range(256), b"Package: \n\r\t"]), k=r.randint(0, 3000)))

    def large(self):
        """Around the limit of a paragraph, and long lines."""
        r = self.random
        head = b"Package: big" + self.line_end() + r.choice([b"Depends: ", b"Section: ", b"X: "])
        tail = self.line_end() + r.choice([b"Maintainer: m" + self.line_end(), b""])
        room = r.choice([LIMIT - 1, LIMIT, LIMIT + 1, LIMIT + 100, 1024 * 1024, 3 * LIMIT]) - len(head) - len(tail)
        filling = r.choice([b"x", b" ", b"\xff", b"a, ", b"0123456 ", self.line_end() + b" y"])
        body = (filling * (room // len(filling) + 1))[:room]
        blank = r.choice([b"", b"", b" " * (LIMIT + 5)]) + self.line_end()
        return self.index() + b"\n" + head + body + tail + blank + self.index()

    def inputs(self):
        r = self.random
        make = r.choices([self.index, self.soup, self.noise, self.large], weights=[80, 12, 5, 3])[0]
        return [make()] + [r.choice([self.index, self.soup])() for _ in range(r.choice([0, 0, 0, 1, 3]))]


def inputs(seed):
    return Generator(seed).inputs()


def write(seed, folder):
    """Writes the seed's files; returns their paths."""
    paths = []
    for number, data in enumerate(inputs(seed)):
        paths.append(os.path.join(folder, "%d-%d" % (seed, number)))
        with open(paths[-1], "wb") as file:
            file.write(data)
    return paths


if __name__ == "__main__":
    print(*write(int(sys.argv[1]), sys.argv[2]), sep="\n")
