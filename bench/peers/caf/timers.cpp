// SPDX-License-Identifier: Apache-2.0

// The benchmark of timers.
#include "peer.hpp"

#include <algorithm>
#include <chrono>

using caf::actor;
using caf::behavior;
using caf::event_based_actor;

using due_atom = caf::atom_constant<caf::atom("due")>;

namespace
{

class timers_actor : public event_based_actor
{
public:
    timers_actor(caf::actor_config &config, uint32_t value, int64_t count, double *late, actor root)
        : event_based_actor(config), value_(value), count_(count), late_(late), root_(std::move(root))
    {
    }

    behavior make_behavior() override
    {
        return {[this](turn_atom) { turn(); },
                [this](due_atom, int64_t due) {
                    late_[fired_++] = double(now_ns() - due);
                    if (fired_ == count_) send(root_, due_atom::value);
                }};
    }

private:
    // The clock is read once for 100 timers, as reading it takes time.
    void turn()
    {
        int64_t now = 0;
        for (int i = 0; i < 100 && armed_ < count_; i++, armed_++) {
            if (i % 100 == 0) now = now_ns();
            value_ = (value_ * 1309 + 13849) & 65535;
            int64_t delay = value_ % 1000 + 1;
            delayed_send(this, std::chrono::milliseconds(delay), due_atom::value, now + delay * 1000000);
        }
        if (armed_ < count_)
            send(this, turn_atom::value);
        else
            send(root_, turn_atom::value, now_ns());
    }

    uint32_t value_;
    int64_t count_, armed_ = 0, fired_ = 0;
    double *late_; // its part of the vector below
    actor root_;
};

} // namespace

// 100 actors arm n timers of 1 to 1000 ms together, 100 a turn, each actor for itself. The rate is that of the arming;
// the latencies are how late each message came.
std::vector<result> timers(caf::actor_system &system, int64_t n)
{
    const int64_t actors = 100, each = std::max(int64_t(1), n / actors);
    caf::scoped_actor self{system};
    std::vector<double> late(size_t(each * actors), 0);
    std::vector<actor> all;
    for (int64_t i = 0; i < actors; i++)
        all.push_back(
            system.spawn<timers_actor>(uint32_t(i), each, late.data() + i * each, caf::actor_cast<actor>(self)));
    int64_t begin = now_ns(), end = begin, done = 0;
    for (auto &a : all) self->send(a, turn_atom::value);
    for (int64_t i = 0; i < 2 * actors; i++)
        self->receive([&](turn_atom, int64_t when) { end = std::max(end, when); }, [&](due_atom) { done++; });
    check(done == actors, "the number of actors whose timers have all fired", double(done));
    return {{"timers", each * actors, "timers/s", end - begin, 0, 0, late}};
}
