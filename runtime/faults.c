/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program says before it dies of a fault or of abort (D13): the signal, and on a loop's thread the actor that had the
 * turn, and the message that it was handling; of a coroutine whose stack overflowed, that (D10). The death itself it leaves
 * to what was there before: it chains to that. It runs on the thread's alternate stack, where memory may be spoiled: it
 * takes no lock and no memory, and writes what is certain first.
 */
#include "actors/actor.h"
#include "base/text.h"
#include "runtime/runtime.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* What was there before, of each; under the lock. */
static struct {
    int number;              /* the signal */
    const char *name;        /* its constant */
    struct sigaction before; /* what was there */
} faults[] = {{.number = SIGSEGV, .name = "SIGSEGV"},
              {.number = SIGBUS, .name = "SIGBUS"},
              {.number = SIGFPE, .name = "SIGFPE"},
              {.number = SIGILL, .name = "SIGILL"},
              {.number = SIGABRT, .name = "SIGABRT"}};
#define FAULT_COUNT (sizeof faults / sizeof faults[0])

static unsigned installed; /* for how many runs ours are there; under the lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static gri_atomic_u32 told; /* 1: a fault was reported that a handler of the program's then got */

/* ---- the report ---- */

static void append(struct gri_text *text, const char *string)
{
    gri_text_append(text, string, strlen(string));
}

static void write_line(const struct gri_text *text)
{
    ssize_t ignored = write(STDERR_FILENO, text->out, text->length);
    (void)ignored;
}

/* The actor that has the turn on a loop, or NULL. */
static const struct gr_actor *running_on(const struct gri_loop *loop)
{
    const struct gri_work *work = gri_load(&loop->running, GRI_RELAXED); /* stored by this thread */
    if (work == NULL) return NULL;
    const struct gr_actor *actor = GRI_CONTAINER_OF(work, const struct gr_actor, work);
    return gri_actor_dispatch(actor) != NULL ? actor : NULL;
}

static void report_place(size_t which, const siginfo_t *info, const struct gri_loop *loop,
                         const struct gr_actor *actor)
{
    char out[GRI_ACTOR_TEXT + 128];
    struct gri_text text;
    bool has_address = faults[which].number == SIGSEGV || faults[which].number == SIGBUS;
    gri_text_init(&text, out, sizeof out);
    append(&text, "greenroom: ");
    append(&text, faults[which].name);
    if (has_address && info->si_code > 0) {
        append(&text, " at address 0x");
        gri_text_append_number(&text, (uintptr_t)info->si_addr, 16);
    }
    if (actor != NULL) {
        append(&text, " in actor ");
        gri_append_actor(&text, actor);
    }
    if (loop != NULL) {
        append(&text, " on loop ");
        gri_text_append_number(&text, loop->index, 10);
    } else {
        char name[GRI_THREAD_NAME_SIZE];
        gri_thread_own_name(name);
        append(&text, " on thread ");
        append(&text, name);
    }
    append(&text, "\n");
    write_line(&text);
}

static void report_message(const struct gr_actor *actor)
{
    const struct gri_message *m = actor->current;
    if (m == NULL || (m->kind != GRI_MAIL_USER && m->kind != GRI_MAIL_START)) return;
    const struct gr_type *type = gri_type_by_id(m->type);
    if (type == NULL) return;
    char out[256];
    struct gri_text text;
    gri_text_init(&text, out, sizeof out - 1);
    append(&text, m->kind == GRI_MAIL_START ? "greenroom: it was starting with the message "
                                            : "greenroom: it was handling the message ");
    append(&text, type->name);
    out[text.length++] = '\n'; /* however long the name */
    write_line(&text);
}

/* Whether what this thread did raised the signal; else it was sent by somebody, for a reason that is not here. */
static bool is_from_here(const siginfo_t *info)
{
    return info->si_code > 0 || (info->si_code == SI_TKILL && info->si_pid == getpid());
}

static void report(size_t which, const siginfo_t *info)
{
    const struct gri_loop *loop = gri_loop_current();
    struct gri_coroutine *coroutine = NULL;
    if (loop != NULL && info->si_code > 0)
        coroutine = gri_coroutine_of_overflow(&loop->stacks, info->si_addr);
    if (coroutine != NULL) {
        gri_report_overflow(coroutine);
        return;
    }
    const struct gr_actor *actor = loop == NULL ? NULL : running_on(loop);
    report_place(which, info, loop, actor);
    if (actor != NULL) report_message(actor);
}

/* ---- the handler ---- */

static bool is_own(const struct sigaction *action)
{
    return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

/* Does what would have been done without this handler. */
static void chain(const struct sigaction *old, int number, siginfo_t *info, void *context)
{
    if (!is_own(old)) {
        /* A fault comes again as soon as this returns; a signal that was sent, as by abort, does not. */
        sigaction(number, old, NULL);
        if (info->si_code <= 0) raise(number);
    } else if (old->sa_flags & SA_SIGINFO) {
        old->sa_sigaction(number, info, context);
    } else {
        old->sa_handler(number);
    }
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    size_t which = 0;
    while (faults[which].number != number) which++;
    const struct sigaction *old = &faults[which].before;
    bool survives = old->sa_handler == SIG_IGN && info->si_code <= 0 && number != SIGABRT;
    /* A program may live by its faults, as some collectors of garbage do: it is told of one. */
    bool is_told = is_own(old) && gri_exchange(&told, 1, GRI_RELAXED) != 0; /* a flag; publishes nothing */
    if (is_from_here(info) && !survives && !is_told) report(which, info);
    chain(old, number, info, context);
}

void gri_faults_install(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < FAULT_COUNT && installed == 0; i++)
        sigaction(faults[i].number, &action, &faults[i].before);
    installed++;
    pthread_mutex_unlock(&lock);
}

void gri_faults_restore(void)
{
    pthread_mutex_lock(&lock);
    installed--;
    for (size_t i = 0; i < FAULT_COUNT && installed == 0; i++)
        sigaction(faults[i].number, &faults[i].before, NULL);
    pthread_mutex_unlock(&lock);
}

void gri_faults_enter(struct gri_alternate *alternate)
{
    stack_t stack = {.ss_sp = alternate->bytes, .ss_size = sizeof alternate->bytes};
    sigaltstack(NULL, &alternate->before);
    alternate->is_ours = (alternate->before.ss_flags & SS_DISABLE) && sigaltstack(&stack, NULL) == 0;
}

void gri_faults_leave(struct gri_alternate *alternate)
{
    if (alternate->is_ours) sigaltstack(&alternate->before, NULL);
}
