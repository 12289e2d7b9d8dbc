// SPDX-License-Identifier: Apache-2.0

// The benchmarks that make actors in great number.
#include "peer.hpp"

#include <thread>

using caf::actor;
using caf::behavior;
using caf::event_based_actor;

namespace
{

class greeted : public event_based_actor
{
public:
    explicit greeted(caf::actor_config &config) : event_based_actor(config) {}

    behavior make_behavior() override
    {
        return {[](int64_t number) { return number; }};
    }
};

// Spawns n others, 1000 a turn. Each gets one message and answers it.
class spawner : public event_based_actor
{
public:
    spawner(caf::actor_config &config, std::vector<actor> *others, actor root)
        : event_based_actor(config), others_(others), root_(std::move(root))
    {
    }

    behavior make_behavior() override
    {
        return {[this](int64_t answer) {
                    sum_ += answer;
                    if (++answered_ == int64_t(others_->size())) send(root_, now_ns(), sum_);
                },
                [this](turn_atom) { turn(); }};
    }

private:
    void turn()
    {
        for (int i = 0; i < 1000 && next_ < others_->size(); i++, next_++) {
            auto &other = (*others_)[next_];
            other = spawn<greeted>();
            send(other, int64_t(next_));
        }
        if (next_ < others_->size()) send(this, turn_atom::value);
    }

    std::vector<actor> *others_; // the benchmark's; main waits while this actor fills it
    actor root_;
    size_t next_ = 0;
    int64_t answered_ = 0, sum_ = 0;
};

class node : public event_based_actor
{
public:
    node(caf::actor_config &config, int depth, actor parent)
        : event_based_actor(config), depth_(depth), parent_(std::move(parent))
    {
    }

    behavior make_behavior() override
    {
        if (depth_ == 0) {
            send(parent_, int64_t(1));
            return {};
        }
        spawn<node>(depth_ - 1, caf::actor_cast<actor>(this));
        spawn<node>(depth_ - 1, caf::actor_cast<actor>(this));
        return {[this](int64_t count) {
            count_ += count;
            if (--waiting_ > 0) return;
            send(parent_, count_);
            quit();
        }};
    }

private:
    int depth_, waiting_ = 2;
    actor parent_;
    int64_t count_ = 1;
};

} // namespace

// Twice: the first time is cold, the second warm. The handles keep the others alive until all have answered.
std::vector<result> spawn(caf::actor_system &system, int64_t n)
{
    std::vector<result> results;
    std::vector<actor> others{size_t(n)};
    caf::scoped_actor self{system};
    for (auto name : {"spawn_cold", "spawn"}) {
        int64_t before = memory("VmRSS"), end = 0, sum = 0;
        auto idle = system.registry().running();
        auto first = system.spawn<spawner>(&others, caf::actor_cast<actor>(self));
        int64_t begin = now_ns();
        self->send(first, turn_atom::value);
        self->receive([&](int64_t when, int64_t found) { end = when, sum = found; });
        check(sum == n * (n - 1) / 2, "the sum of the answers", double(sum));
        int64_t rss = memory("VmRSS");
        check(system.registry().running() >= size_t(n), "the number of living actors",
              double(system.registry().running()));
        results.push_back({name, n, "actors/s", end - begin, rss});
        if (results.size() == 1) results[0].bytes_per_actor = (rss - before) / n;
        for (auto &other : others) {
            caf::anon_send_exit(other, caf::exit_reason::user_shutdown);
            other = nullptr;
        }
        caf::anon_send_exit(first, caf::exit_reason::user_shutdown);
        first = nullptr;
        while (system.registry().running() > idle) std::this_thread::yield();
    }
    return results;
}

// A binary tree of n actors: each spawns two, adds up what they counted, reports and ends.
std::vector<result> tree(caf::actor_system &system, int64_t n)
{
    int depth = 0;
    while ((int64_t(4) << depth) - 1 <= n) depth++;
    caf::scoped_actor self{system};
    int64_t begin = now_ns(), count = 0;
    system.spawn<node>(depth, caf::actor_cast<actor>(self));
    self->receive([&](int64_t found) { count = found; });
    int64_t end = now_ns();
    check(count == (int64_t(2) << depth) - 1, "the count", double(count));
    return {{"tree", count, "actors/s", end - begin}};
}
