/* SPDX-License-Identifier: Apache-2.0 */
/* The poller of real loops, over libuv. Its functions are those of scheduler/poller.h; no other use of libuv is
 * here. */
#ifndef GRI_IO_UV_POLLER_H
#define GRI_IO_UV_POLLER_H

#include "base/memory.h"
#include "scheduler/poller.h"

/*
 * Creates a poller; it and its watches come from `memory` (libuv's own few blocks from malloc). Call on any
 * thread, then use on one. Errors, with the thread's error text: GR_ENOMEM, GR_ESYS (out of descriptors, for
 * one). *out is then NULL.
 */
GR_MUST_USE int gri_uv_poller_create(struct gri_memory *memory, struct gri_poller **out);

#endif
