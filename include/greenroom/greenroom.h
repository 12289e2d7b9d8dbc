/* SPDX-License-Identifier: Apache-2.0 */
/* Greenroom's public interface, whole. Each header is the manual of its concept. */
#ifndef GREENROOM_GREENROOM_H
#define GREENROOM_GREENROOM_H

#include <greenroom/actor.h>
#include <greenroom/ask.h>
#include <greenroom/become.h>
#include <greenroom/blocking.h>
#include <greenroom/buffer.h>
#include <greenroom/coroutine.h>
#include <greenroom/dead_letter.h>
#include <greenroom/error.h>
#include <greenroom/future.h>
#include <greenroom/link.h>
#include <greenroom/local.h>
#include <greenroom/log.h>
#include <greenroom/message.h>
#include <greenroom/monitor.h>
#include <greenroom/name.h>
#include <greenroom/promise.h>
#include <greenroom/ref.h>
#include <greenroom/scope.h>
#include <greenroom/send.h>
#include <greenroom/system.h>
#include <greenroom/task.h>
#include <greenroom/time.h>
#include <greenroom/timer.h>

#endif
