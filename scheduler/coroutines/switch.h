/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switch between two stacks. It knows no coroutine: coroutine.h is built on it.
 *
 * One word, `other`, holds the side that does not run. A switch exchanges it with the side that does: so the
 * same word leads there and back. It keeps what the platform's calling convention says a call keeps, and the
 * rounding and exception modes of floating point, which each side has of its own; signal masks and
 * thread-locals are the thread's.
 */
#ifndef GRI_SCHEDULER_SWITCH_H
#define GRI_SCHEDULER_SWITCH_H

/* In assembly: switch_x86_64.S, switch_aarch64.S. */
void gri_switch_assembly(void **other);
void *gri_switch_assembly_prepare(char *low, char *high, void (*entry)(void *argument), void *argument);

/* By ucontext.h, for other processors: a hundred times slower, as it keeps the signal mask too, by system calls. */
void gri_switch_ucontext(void **other);
void *gri_switch_ucontext_prepare(char *low, char *high, void (*entry)(void *argument), void *argument);

/* GRI_SWITCH_UCONTEXT is a build option. */
#ifdef GRI_SWITCH_UCONTEXT
#define gri_switch         gri_switch_ucontext
#define gri_switch_prepare gri_switch_ucontext_prepare
#else
#define gri_switch         gri_switch_assembly
#define gri_switch_prepare gri_switch_assembly_prepare
#endif

/*
 * void gri_switch(void **other): suspends the caller into *other and goes on with what was there; returns when
 * another switch does the same with the word.
 *
 * void *gri_switch_prepare(char *low, char *high, entry, argument): makes of the memory [low, high) (high
 * aligned to 16) a side that begins with entry(argument), which must not return, and gives the first value for
 * the word.
 */

#endif
