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
struct note {
    int32_t number;
};
GR_MESSAGE(inner, GR_ARRAY(inner, bytes));
GR_MESSAGE(question, GR_FIELD(question, number), GR_FIELD(question, yes), GR_ARRAY(question, label),
           GR_FIELD(question, text), GR_FIELD(question, who), GR_NESTED(question, inner, inner),
           GR_FIELD(question, weight));
GR_MESSAGE(answer, GR_FIELD(answer, bytes));
GR_MESSAGE(note, GR_FIELD(note, number));
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

static void oracle_note(gr_actor *self, struct oracle *state, const struct note *m)
{
    state->asked += m->number;
}

static void oracle_question(gr_actor *self, struct oracle *state, const struct question *m)
{
    gr_buffer bytes;
    look(self, NULL, m->who, m->text);
    if (gr_buffer_copy(self, "abc", 3, &bytes) == 0) gr_reply(self, question, .bytes = bytes);
}

GR_ACTOR(oracle, struct oracle, gr_nothing, oracle_start, GR_ON(note, oracle_note),
         GR_ON(question, oracle_question));

static int slow_run(gr_actor *self, const struct gr_nothing *m, struct answer *result)
{
    if (gr_sleep(self, gr_seconds(1)) != 0) return GR_EKILLED;
    return gr_fail(self, 7, "it took too long");
}

GR_TASK(slow, gr_nothing, answer, slow_run);

static int work(void *argument)
{
    return 0;
}

/* Looks at the futures of other things than requests. */
static void look_at_others(gr_actor *self, gr_ref ref)
{
    gr_promise unset;
    gr_future *promise = gr_promise_create(self, answer, &unset);
    look(self, promise, ref, gr_string_static("promise"));
    gr_future_release(promise);
    gr_future *job = gr_blocking(self, work, NULL);
    look(self, job, ref, gr_string_static("work"));
    gr_future_release(job);
    gr_future *task = gr_start(self, slow);
    look(self, task, ref, gr_string_static("not begun"));
    (void)!gr_sleep(self, gr_milliseconds(1));
    look(self, task, ref, gr_string_static("begun"));
    (void)!gr_await(self, task, GR_FOREVER);
    look(self, task, ref, gr_string_static("failed"));
    gr_future_release(task);
}

/* `loops` tells where the other one lives: on the last of them. */
static int run(gr_actor *self, void *loops)
{
    gr_ref ref = gr_spawn_with(self, oracle, (.loop = GR_LOOP(*(int *)loops - 1)));
    gr_send(self, ref, note, .number = 3);
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
    look_at_others(self, ref);
    return err;
}

/* With an argument on two loops, else on one. */
int main(int argc, char **argv)
{
    int loops = argc > 1 ? 2 : 1;
    return gr_run_with(run, &loops, (.loops = loops, .seed = 1));
}
