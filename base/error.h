/* SPDX-License-Identifier: Apache-2.0 */
/* The calling thread's last error text, for calls outside of actors. The error table is in greenroom/error.h. */
#ifndef GRI_BASE_ERROR_H
#define GRI_BASE_ERROR_H

#include <greenroom/error.h>

/* Longer texts are cut to this, the NUL included. */
#define GRI_THREAD_ERROR_SIZE 256

/* The text that this thread set last; "no error" before the first. Never NULL; valid until the thread sets the next. */
const char *gri_thread_error(void);

/* Sets it, as printf; the old text may be among the values. Leaves errno as it is. */
void gri_thread_error_set(const char *format, ...) GR_PRINTF(1, 2);

#endif
