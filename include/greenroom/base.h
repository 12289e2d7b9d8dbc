/* SPDX-License-Identifier: Apache-2.0 */
/* What every public header needs: linkage, attributes and standard types. It declares no function. */
#ifndef GREENROOM_BASE_H
#define GREENROOM_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define GRI_BEGIN_C  extern "C" {
#define GRI_END_C    }
#define GRI_EXTERN_C extern "C"
#else
#define GRI_BEGIN_C
#define GRI_END_C
#define GRI_EXTERN_C
#endif

/* Exported from the shared library; everything else is hidden. */
#define GR_API __attribute__((visibility("default")))

/* The result must be used: ignoring it is a warning. */
#define GR_MUST_USE __attribute__((warn_unused_result))

/* Checks a printf-like format at argument `f` with values from argument `v` on. */
#define GR_PRINTF(f, v) __attribute__((format(printf, f, v)))

#define GRI_UNUSED __attribute__((unused))

#endif
