// SPDX-License-Identifier: Apache-2.0

// 120 actors ping random others, one ping outstanding each; n messages together.
#include "peer.hpp"

using caf::actor;
using caf::behavior;
using caf::event_based_actor;

using ping_atom = caf::atom_constant<caf::atom("ping")>;
using pong_atom = caf::atom_constant<caf::atom("pong")>;
using finished_atom = caf::atom_constant<caf::atom("finished")>;

namespace
{

class big_actor : public event_based_actor
{
public:
    big_actor(caf::actor_config &config, int32_t index, int64_t pings, const std::vector<actor> *all, actor root)
        : event_based_actor(config), index_(index), left_(pings), value_(index), all_(all), root_(std::move(root))
    {
    }

    behavior make_behavior() override
    {
        return {[this](ping_atom, int32_t from) {
                    answered_++;
                    send((*all_)[size_t(from)], pong_atom::value, index_);
                },
                [this](pong_atom, int32_t from) {
                    check(from == target_, "the sender of a pong", from);
                    if (--left_ > 0)
                        next();
                    else
                        send(root_, finished_atom::value);
                },
                [this](go_atom) { next(); },
                [this](sum_atom) { send(root_, answered_); }};
    }

private:
    void next()
    {
        value_ = (value_ * 1309 + 13849) & 65535;
        target_ = int32_t(value_ % int64_t(all_->size() - 1));
        if (target_ >= index_) target_++;
        send((*all_)[size_t(target_)], ping_atom::value, index_);
    }

    int32_t index_, target_ = -1;
    int64_t left_, value_, answered_ = 0;
    const std::vector<actor> *all_; // lives in the function below; complete before the first message
    actor root_;
};

} // namespace

std::vector<result> big(caf::actor_system &system, int64_t n)
{
    const size_t actors = 120;
    int64_t pings = n / 2 / int64_t(actors), answered = 0;
    caf::scoped_actor self{system};
    std::vector<actor> all;
    for (size_t i = 0; i < actors; i++)
        all.push_back(system.spawn<big_actor>(int32_t(i), pings, &all, caf::actor_cast<actor>(self)));
    int64_t begin = now_ns();
    for (auto &a : all) self->send(a, go_atom::value);
    for (size_t i = 0; i < actors; i++) self->receive([](finished_atom) {});
    int64_t end = now_ns();
    for (auto &a : all) self->send(a, sum_atom::value);
    for (size_t i = 0; i < actors; i++) self->receive([&](int64_t count) { answered += count; });
    check(answered == pings * int64_t(actors), "the number of answered pings", double(answered));
    return {{"big", 2 * answered, "messages/s", end - begin}};
}
