# SPDX-License-Identifier: Apache-2.0
"""Greenroom for gdb: `source greenroom.py` in a session, on a living process or a core dump.

Prints messages (by the tables of their types), actors, futures, references, strings and buffers as what they mean, and
adds the command `gr-actors`, which lists the actors of each system. It reads memory only and calls nothing. The library
has to have its debugging information.
"""
import gdb
import gdb.printing

SLOTS_PER_CHUNK = 1024
LISTED_MAX = 10000
PENDING = -2**31

# enum gr_kind
BOOL, CHAR, REF, STRING, BUFFER, NESTED = 1, 2, 13, 14, 15, 16
NUMBERS = {3: "int8_t", 4: "int16_t", 5: "int32_t", 6: "int64_t", 7: "uint8_t", 8: "uint16_t", 9: "uint32_t",
           10: "uint64_t", 11: "float", 12: "double"}
FLOATS = (11, 12)

BUSY = [(8, "is not born yet"), (4, "rests until there is room"), (1, "has its turn or waits for it"),
        (2, "waits")]
STARTED = 1  # GRI_ACTOR_STARTED
FOR_A_THREAD = 2  # GRI_MAIL_FOREIGN
HAS_TEXT = 16  # GRI_MAIL_TEXT
FUTURE_KINDS = ["a request", "blocking work", "a promise", "task"]  # enum gri_future_kind
WAITS = ["waits", "waits for mail", "waits for a future", "sleeps", "waits for room", "waits for its turn"]


def look_up(name):
    return gdb.lookup_type(name)


def is_null(value):
    return int(value) == 0


def bytes_of(address, length):
    if length == 0:
        return b""
    return bytes(gdb.selected_inferior().read_memory(int(address), min(int(length), 200)))


def quoted(address, length):
    text = bytes_of(address, length).decode("utf-8", "backslashreplace")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' + ("..." if int(length) > 200 else "")


def reference(seat, slot, generation):
    return "nobody" if int(generation) == 0 else f"{int(seat)}:{int(slot)}:{int(generation)}"


def error_name(code):
    """GR_EFULL for -5; the number itself for a program's own."""
    for field in look_up("enum gr_error").fields():
        if field.enumval == int(code):
            return field.name
    return str(int(code))


# ---- messages, by their tables ----

def element(kind, address, field):
    """One value of a field as text."""
    if kind in NUMBERS:
        value = gdb.Value(address).cast(look_up(NUMBERS[kind]).pointer()).dereference()
        return str(float(value) if kind in FLOATS else int(value))
    if kind == BOOL:
        return "true" if bytes_of(address, 1) != b"\0" else "false"
    if kind == REF:
        value = gdb.Value(address).cast(look_up("gr_ref").pointer()).dereference()
        return reference(value["seat"], value["slot"], value["generation"])
    if kind == STRING:
        value = gdb.Value(address).cast(look_up("gr_string").pointer()).dereference()
        return quoted(value["data"], value["length"])
    if kind == BUFFER:
        value = gdb.Value(address).cast(look_up("gr_buffer").pointer()).dereference()
        return f"{int(value['size'])} bytes"
    if kind == NESTED:
        return message(field["nested"].dereference(), address)
    return "?"


def field_text(field, address):
    kind, count, size = int(field["kind"]), int(field["count"]), int(field["size"])
    if kind == CHAR:
        return quoted(address, len(bytes_of(address, count).split(b"\0")[0]))
    elements = [element(kind, address + index * size, field) for index in range(min(count, 16))]
    if count == 1:
        return elements[0]
    return "[" + ", ".join(elements) + (", ...]" if count > 16 else "]")


def message(type_, address):
    """A message of a `struct gr_type` at an address: as gr_message_print has it."""
    fields = [type_["fields"][index] for index in range(int(type_["field_count"]))]
    texts = [f"{field['name'].string()} = {field_text(field, address + int(field['offset']))}" for field in fields]
    return type_["name"].string() + (" {" + ", ".join(texts) + "}" if texts else "")


def type_by_id(number):
    entry = gdb.parse_and_eval(f"gri_type_table[{int(number)}].value")
    return None if is_null(entry) else entry.cast(look_up("struct gr_type").pointer()).dereference()


class Message:
    """An envelope with its payload. Whom it is for is told of a reply only: an ordinary send within a loop goes straight
    into the mailbox and stores no receiver."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        kind = int(self.value["kind"])
        names = [field.name for field in look_up("enum gri_mail_kind").fields() if field.enumval == kind]
        name = next((name for name in names if "LAST" not in name), "?").replace("GRI_MAIL_", "").lower()
        if name not in ("user", "start", "reply"):
            return name
        type_ = type_by_id(self.value["type"])
        text = "?" if type_ is None else message(type_, int(self.value["payload"].address))
        if name == "reply":
            is_foreign = int(self.value["flags"]) & FOR_A_THREAD
            to = "to a plain thread" if is_foreign else f"to slot {int(self.value['to_slot'])}"
            if int(self.value["error"]) != 0:
                return f"reply {to}: {error_name(self.value['error'])}"
            return f"reply {to}: {text}"
        sender = reference(self.value["sender_seat"], self.value["sender_slot"], self.value["sender_generation"])
        asks = ", which asks" if not is_null(self.value["reply"]) else ""
        return f"{name} {text} from {sender}{asks}"


# ---- actors ----

def behaviour_of(actor):
    dispatch = actor["dispatch"]["value"]
    if is_null(dispatch):
        return None
    return dispatch.cast(look_up("struct gri_dispatch").pointer())["behaviour"]["name"].string()


def doing(actor):
    busy = int(actor["busy"])
    if busy == 2 and not is_null(actor["extra"]):
        return WAITS[int(actor["extra"]["wait"])]
    return next((text for bit, text in BUSY if busy & bit), "waits for mail")


class Actor:
    """A slot with whoever lives there."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        name = behaviour_of(self.value)
        slot, generation = int(self.value["slot"]), int(self.value["generation"]["value"])
        count = int(self.value["mailbox"]["count"]["value"])
        if name is None:
            return f"free slot {slot}, next generation {generation}"
        return (f"actor {name} {slot}:{generation} on loop {int(self.value['home']['value'])}: {doing(self.value)}, "
                f"{count} message{' waits' if count == 1 else 's wait'}")


def actor_at(system, ref):
    """The actor of a reference in its system, or None if it has ended."""
    slot = int(ref["slot"])
    chunk = system["slots"]["chunks"][slot // SLOTS_PER_CHUNK]["value"]
    if is_null(chunk):
        return None
    actor = chunk.cast(look_up("struct gr_actor").pointer())[slot % SLOTS_PER_CHUNK]
    return actor if int(actor["generation"]["value"]) == int(ref["generation"]) else None


class Future:
    """What it is about, and its outcome: a value, or an error with its text."""

    def __init__(self, value):
        self.value = value

    def about(self):
        if bool(self.value["is_foreign"]):
            return "a plain thread's future"
        kind = FUTURE_KINDS[int(self.value["kind"])]
        if kind == "a request":
            to = self.value["to"]
            return f"future of a request to {reference(to['seat'], to['slot'], to['generation'])}"
        if kind == "task" and not is_null(self.value["task"]["behaviour"]):
            return f"future of task {self.value['task']['behaviour']['name'].string()}"
        return f"future of {kind}"

    def pending(self):
        is_task = not bool(self.value["is_foreign"]) and FUTURE_KINDS[int(self.value["kind"])] == "task"
        if not is_task:
            return "pending"
        system = self.value["owner"]["loop"]["owner"].cast(look_up("struct gr_system").pointer())
        actor = actor_at(system, self.value["task"]["ref"])
        return "running" if actor is not None and int(actor["flags"]) & STARTED else "pending"

    def outcome(self):
        error, answer = int(self.value["error"]), self.value["answer"]
        if error == PENDING:
            return self.pending()
        if error != 0:
            has_text = not is_null(answer) and int(answer["flags"]) & HAS_TEXT
            text = answer["payload"].address.cast(look_up("char").pointer()).string() if has_text else ""
            return error_name(error) + (f": {text}" if text else "")
        if is_null(answer):
            return "done"
        type_ = type_by_id(answer["type"])
        return "done" if type_ is None else message(type_, int(answer["payload"].address))

    def to_string(self):
        return f"{self.about()}: {self.outcome()}"


class Reference:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return reference(self.value["seat"], self.value["slot"], self.value["generation"])


class String:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return quoted(self.value["data"], self.value["length"])


class Buffer:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return f"{int(self.value['size'])} bytes at {hex(int(self.value['data']))}"


def printers():
    collection = gdb.printing.RegexpCollectionPrettyPrinter("greenroom")
    for name, pattern, printer in (("message", "gri_message", Message), ("actor", "gr_actor", Actor),
                                   ("future", "gr_future", Future), ("ref", "gr_ref", Reference),
                                   ("string", "gr_string", String), ("buffer", "gr_buffer", Buffer)):
        collection.add_printer(name, f"^{pattern}$", printer)
    return collection


# ---- the command ----

class ListActors(gdb.Command):
    """gr-actors [SYSTEM]: lists the living actors of a system (an expression), or of all of this process."""

    def __init__(self):
        super().__init__("gr-actors", gdb.COMMAND_DATA)

    def seats(self):
        """The table of systems. Where the library is optimised as a whole, a static symbol has several entries."""
        for symbol in gdb.lookup_static_symbols("seats"):
            value = symbol.value()
            if str(value.type.target()) == "struct seat" and not value.is_optimized_out:
                return value
        raise gdb.GdbError("the library's table of systems can't be found: give the system, as gr-actors SYSTEM")

    def systems(self, argument):
        if argument:
            yield gdb.parse_and_eval(argument).cast(look_up("struct gr_system").pointer())
            return
        seats = self.seats()
        for index in range(seats.type.range()[1] + 1):
            if not is_null(seats[index]["is_taken"]["value"]):
                yield seats[index]["system"]

    def actors(self, system):
        chunks = system["slots"]["chunks"]
        for chunk in range(int(system["slots"]["chunk_count"]["value"])):
            slots = chunks[chunk]["value"].cast(look_up("struct gr_actor").pointer())
            for index in range(SLOTS_PER_CHUNK):
                if not is_null(slots[index]["dispatch"]["value"]):
                    yield slots[index]

    def invoke(self, argument, from_tty):
        for system in self.systems(argument):
            print(f"system {int(system['seat'])}, {int(system['loop_count'])} loops:")
            for number, actor in enumerate(self.actors(system)):
                if number == LISTED_MAX:
                    print("  ... and more")
                    break
                print("  " + Actor(actor).to_string())


gdb.printing.register_pretty_printer(None, printers(), replace=True)
ListActors()
