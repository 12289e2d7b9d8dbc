/* SPDX-License-Identifier: Apache-2.0 */
/* The direction of rounding of each floating-point unit, without the mathematics library. No test. */
#ifndef TESTS_UNIT_SCHEDULER_ROUNDING_H
#define TESTS_UNIT_SCHEDULER_ROUNDING_H

/* Directions: 0 is to nearest; 1 to 3 are others, whatever they mean. */

#if defined __x86_64__

#define ROUNDING_UNITS 2 /* the x87 and the vector unit */

static inline void rounding_set(int unit, unsigned direction)
{
    unsigned short word;
    if (unit) return __builtin_ia32_ldmxcsr((__builtin_ia32_stmxcsr() & ~0x6000u) | direction << 13);
    __asm__ volatile("fnstcw %0" : "=m"(word));
    word = (unsigned short)((word & ~0x0c00u) | direction << 10);
    __asm__ volatile("fldcw %0" : : "m"(word));
}

static inline unsigned rounding_get(int unit)
{
    unsigned short word;
    __asm__ volatile("fnstcw %0" : "=m"(word));
    return unit ? __builtin_ia32_stmxcsr() >> 13 & 3 : word >> 10 & 3u;
}

#elif defined __aarch64__

#define ROUNDING_UNITS 1

static inline void rounding_set(int unit, unsigned direction)
{
    unsigned long modes;
    __asm__ volatile("mrs %0, fpcr" : "=r"(modes));
    modes = (modes & ~(3ul << 22)) | (unsigned long)direction << 22;
    __asm__ volatile("msr fpcr, %0" : : "r"(modes));
}

static inline unsigned rounding_get(int unit)
{
    unsigned long modes;
    __asm__ volatile("mrs %0, fpcr" : "=r"(modes));
    return modes >> 22 & 3;
}

#else

#define ROUNDING_UNITS 0 /* the switch is the C library's */

static inline void rounding_set(int unit, unsigned direction)
{
}

static inline unsigned rounding_get(int unit)
{
    return 0;
}

#endif

#endif
