// SPDX-License-Identifier: Apache-2.0

// What the files of the CAF peer share: results, clocks and the list of benchmarks. It knows no benchmark's work.
#pragma once

#include <caf/all.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

// What one JSON line tells.
struct result {
    std::string name;
    int64_t count;                 // what the rate counts
    std::string unit;              // of the rate
    int64_t elapsed_ns;            // from just before the first message to the last
    int64_t rss_bytes = 0;         // 0: the peak of the process, read when it is printed
    int64_t bytes_per_actor = 0;   // 0 where it is not measured
    std::vector<double> latencies = {}; // nanoseconds, each the mean of a batch; empty where it is not measured
};

using benchmark = std::vector<result> (*)(caf::actor_system &system, int64_t n);

std::vector<result> ping_pong(caf::actor_system &system, int64_t n);
std::vector<result> thread_ring(caf::actor_system &system, int64_t n);
std::vector<result> counting(caf::actor_system &system, int64_t n);
std::vector<result> counting_burst(caf::actor_system &system, int64_t n);
std::vector<result> fan_in(caf::actor_system &system, int64_t n);
std::vector<result> fork_join(caf::actor_system &system, int64_t n);
std::vector<result> chameneos(caf::actor_system &system, int64_t n);
std::vector<result> big(caf::actor_system &system, int64_t n);
std::vector<result> banking(caf::actor_system &system, int64_t n);
std::vector<result> ask(caf::actor_system &system, int64_t n);
std::vector<result> timers(caf::actor_system &system, int64_t n);
std::vector<result> spawn(caf::actor_system &system, int64_t n);
std::vector<result> tree(caf::actor_system &system, int64_t n);

// Nanoseconds of the monotonic clock.
int64_t now_ns();

// A line of /proc/self/status (VmRSS, VmHWM), in bytes.
int64_t memory(const std::string &field);

// Ends the program with a message unless the result is right.
void check(bool good, const char *what, double found);

using go_atom = caf::atom_constant<caf::atom("go")>;
using turn_atom = caf::atom_constant<caf::atom("turn")>;
using sum_atom = caf::atom_constant<caf::atom("sum")>;
