/* SPDX-License-Identifier: Apache-2.0 */
/* What test_gdb.py looks at: `look` is called with one of each. */
#include <greenroom/greenroom.h>

#include <stdio.h>

struct inner {
    uint8_t bytes[3];
};
struct question {
    int64_t number;
    bool yes;
    char label[8];
    gr_string text;
    gr_ref who;
    struct inner inner;
    double weight;
};
struct answer {
    gr_buffer bytes;
};
GR_MESSAGE(inner, GR_ARRAY(inner, bytes));
GR_MESSAGE(question, GR_FIELD(question, number), GR_FIELD(question, yes), GR_ARRAY(question, label),
           GR_FIELD(question, text), GR_FIELD(question, who), GR_NESTED(question, inner, inner),
           GR_FIELD(question, weight));
GR_MESSAGE(answer, GR_FIELD(answer, bytes));
GR_REQUEST(question, answer);

struct oracle {
    int64_t asked;
};

__attribute__((noinline)) static void look(gr_actor *self, gr_future *future, gr_ref ref, gr_string text)
{
    __asm__ volatile("" : : "r"(self), "r"(future), "m"(ref), "m"(text) : "memory");
}

static int oracle_start(gr_actor *self, struct oracle *state, const struct gr_nothing *m)
{
    return 0;
}

static void oracle_question(gr_actor *self, struct oracle *state, const struct question *m)
{
    gr_buffer bytes;
    look(self, NULL, m->who, m->text);
    if (gr_buffer_copy(self, "abc", 3, &bytes) == 0) gr_reply(self, question, .bytes = bytes);
}

GR_ACTOR(oracle, struct oracle, gr_nothing, oracle_start, GR_ON(question, oracle_question));

static int run(gr_actor *self, void *argument)
{
    gr_ref ref = gr_spawn(self, oracle);
    gr_future *future = gr_ask(self, ref, gr_seconds(5), question, .number = -7, .yes = true,
                               .label = "label", .text = gr_string_static("a \"text\""), .who = ref,
                               .inner = {{1, 2, 3}}, .weight = 0.5);
    look(self, future, ref, gr_string_static("pending"));
    int err = gr_await(self, future, GR_FOREVER);
    look(self, future, ref, gr_string_static("done"));
    gr_future_release(future);
    (void)!gr_kill(self, ref);
    (void)!gr_sleep(self, gr_milliseconds(1));
    future = gr_ask(self, ref, gr_seconds(5), question, .number = 1);
    look(self, future, ref, gr_string_static("failed"));
    gr_future_release(future);
    return err;
}

int main(void)
{
    return gr_run_with(run, NULL, (.loops = 1, .seed = 1));
}
