// SPDX-License-Identifier: Apache-2.0

// The benchmarks in C++ with CAF: event-based actors. It is what Greenroom is compared with; it uses nothing of
// Greenroom.
//
//     peer NAME --n N --cores C
//
// prints one JSON line per result. `peer --version` prints CAF's version. Mailboxes have no bound.
#include "peer.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

static const std::map<std::string, benchmark> benchmarks = {
    {"ping_pong", ping_pong},
    {"thread_ring", thread_ring},
    {"counting", counting},
    {"counting_burst", counting_burst},
    {"fan_in", fan_in},
    {"fork_join", fork_join},
    {"chameneos", chameneos},
    {"big", big},
    {"banking", banking},
    {"ask", ask},
    {"timers", timers},
    {"spawn", spawn},
    {"tree", tree},
};

int64_t now_ns()
{
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int64_t memory(const std::string &field)
{
    std::ifstream status("/proc/self/status");
    std::string line;
    while (std::getline(status, line))
        if (line.rfind(field + ":", 0) == 0) return std::atoll(line.c_str() + field.size() + 1) * 1024;
    return 0;
}

void check(bool good, const char *what, double found)
{
    if (good) return;
    std::fprintf(stderr, "peer: wrong result: %s is %.17g\n", what, found);
    std::_Exit(1);
}

static double percentile(const std::vector<double> &sorted, size_t percent)
{
    return sorted[(sorted.size() - 1) * percent / 100];
}

static void print(result r, int cores)
{
    double seconds = double(r.elapsed_ns) / 1e9;
    if (r.rss_bytes == 0) r.rss_bytes = memory("VmHWM");
    std::printf("{\"name\":\"%s\",\"loops\":%d,\"n\":%lld,\"seconds\":%.6f,\"rate\":%.1f,\"unit\":\"%s\","
                "\"rss_bytes\":%lld",
                r.name.c_str(), cores, (long long)r.count, seconds, double(r.count) / seconds, r.unit.c_str(),
                (long long)r.rss_bytes);
    if (r.bytes_per_actor != 0) std::printf(",\"bytes_per_actor\":%lld", (long long)r.bytes_per_actor);
    if (!r.latencies.empty()) {
        std::sort(r.latencies.begin(), r.latencies.end());
        std::printf(",\"p50_ns\":%.1f,\"p99_ns\":%.1f", percentile(r.latencies, 50), percentile(r.latencies, 99));
    }
    std::printf(",\"peer\":\"caf\"}\n");
}

static int usage()
{
    std::fprintf(stderr, "usage: peer NAME --n N --cores C, where NAME is one of");
    for (auto &b : benchmarks) std::fprintf(stderr, " %s", b.first.c_str());
    std::fprintf(stderr, "\n");
    return 1;
}

int main(int argc, char **argv)
{
    std::vector<std::string> args(argv + 1, argv + argc);
    if (args.size() == 1 && args[0] == "--version") {
        std::printf("%d.%d.%d\n", CAF_MAJOR_VERSION, CAF_MINOR_VERSION, CAF_PATCH_VERSION);
        return 0;
    }
    if (args.size() != 5 || benchmarks.count(args[0]) == 0 || args[1] != "--n" || args[3] != "--cores")
        return usage();
    int64_t n = std::atoll(args[2].c_str());
    int cores = std::atoi(args[4].c_str());
    if (n < 1 || cores < 1) return usage();
    caf::actor_system_config config;
    config.set("scheduler.max-threads", size_t(cores));
    // Taking from the tail of another's queue walks all of it, so stealing makes spawn on two cores 50 times slower.
    if (args[0] == "spawn" && cores > 1) config.set("scheduler.policy", caf::atom("sharing"));
    caf::actor_system system{config};
    for (auto &r : benchmarks.at(args[0])(system, n)) print(r, cores);
    std::fflush(stdout);
    std::_Exit(0); // the actors that are still there need no orderly end
}
