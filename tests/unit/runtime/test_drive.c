/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of running a system, and stepping it inside of a foreign loop. */
#include "tests/support/world/case.h"
