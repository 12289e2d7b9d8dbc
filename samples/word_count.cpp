/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A C++20 program: actors with C++ state. A state begins as zeroed bytes and is moved nowhere, so what has a constructor is
 * made by the start function and ended by the end function; futures are held by a unique_ptr.
 */
#include <greenroom/greenroom.h>

#include <cstdio>
#include <map>
#include <memory>
#include <new>
#include <sstream>
#include <string>

struct word {
    gr_string text;
};
struct how_many {
    gr_string text;
};
struct times {
    int64_t count;
};
GR_MESSAGE(word, GR_FIELD(word, text));
GR_MESSAGE(how_many, GR_FIELD(how_many, text));
GR_MESSAGE(times, GR_FIELD(times, count));
GR_REQUEST(how_many, times);

/* ---- an actor that counts words ---- */

struct counter {
    std::map<std::string, int64_t> *words; /* made by the start, deleted at the end */
};

static int counter_start(gr_actor *self, counter *state, const gr_nothing *start)
{
    state->words = new (std::nothrow) std::map<std::string, int64_t>;
    return state->words == nullptr ? GR_ENOMEM : 0;
}

static void counter_word(gr_actor *self, counter *state, const word *m)
{
    ++(*state->words)[std::string(m->text.data, m->text.length)];
}

static void counter_how_many(gr_actor *self, counter *state, const how_many *m)
{
    auto found = state->words->find(std::string(m->text.data, m->text.length));
    gr_reply(self, how_many, .count = found == state->words->end() ? 0 : found->second);
}

static void counter_end(gr_actor *self, counter *state, const int *reason)
{
    delete state->words;
}

GR_ACTOR(counter, counter, gr_nothing, counter_start, GR_ON(word, counter_word),
         GR_ON(how_many, counter_how_many), GR_ON_END(counter_end));

/* ---- the root ---- */

struct release {
    void operator()(gr_future *future) const
    {
        gr_future_release(future);
    }
};
using future = std::unique_ptr<gr_future, release>;

/* A gr_string of a std::string; the receiver of the message that it is sent with owns it. */
static gr_string string_of(gr_actor *self, const std::string &text)
{
    gr_string copy;
    if (gr_string_copy(self, text.data(), text.size(), &copy) != 0) copy = gr_string_static("");
    return copy;
}

static int run(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn_with(self, counter, (.loop = GR_SPREAD));
    std::istringstream text("the cat saw the dog and the dog saw the cat");
    for (std::string next; text >> next;) gr_send(self, ref, word, .text = string_of(self, next));
    for (const char *asked : {"the", "dog", "bird"}) {
        future answer(gr_ask(self, ref, gr_seconds(5), how_many, .text = gr_string_static(asked)));
        if (int err = gr_await(self, answer.get(), GR_FOREVER)) return err;
        std::printf("%s: %lld\n", asked,
                    static_cast<long long>(gr_future_value(answer.get(), how_many)->count));
    }
    return 0;
}

int main()
{
    return gr_run(run, nullptr);
}
