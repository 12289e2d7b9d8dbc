// SPDX-License-Identifier: Apache-2.0

// The benchmarks in which actors meet through a third: chameneos and banking.
#include "peer.hpp"

#include <algorithm>

using caf::actor;
using caf::behavior;
using caf::event_based_actor;

using visit_atom = caf::atom_constant<caf::atom("visit")>;
using meet_atom = caf::atom_constant<caf::atom("meet")>;
using change_atom = caf::atom_constant<caf::atom("change")>;
using leave_atom = caf::atom_constant<caf::atom("leave")>;
using pay_atom = caf::atom_constant<caf::atom("pay")>;
using take_atom = caf::atom_constant<caf::atom("take")>;
using paid_atom = caf::atom_constant<caf::atom("paid")>;
using index_type = int32_t;

namespace
{

class mall : public event_based_actor
{
public:
    mall(caf::actor_config &config, int64_t meetings, const std::vector<actor> *creatures, actor root)
        : event_based_actor(config), left_(meetings), creatures_(creatures), root_(std::move(root))
    {
    }

    behavior make_behavior() override
    {
        return {[this](visit_atom, index_type from, int32_t colour) {
                    if (left_ == 0) {
                        send(creature(from), leave_atom::value);
                    } else if (waiting_ < 0) {
                        waiting_ = from;
                    } else {
                        left_--;
                        send(creature(waiting_), meet_atom::value, from, colour);
                        waiting_ = -1;
                    }
                },
                [this](leave_atom, int64_t meetings) {
                    sum_ += meetings;
                    if (++gone_ == creatures_->size()) send(root_, now_ns(), sum_);
                }};
    }

private:
    const actor &creature(index_type index) { return (*creatures_)[size_t(index)]; }

    int64_t left_, sum_ = 0;
    size_t gone_ = 0;
    index_type waiting_ = -1;
    const std::vector<actor> *creatures_; // lives in the function below; complete before the first message
    actor root_;
};

class creature : public event_based_actor
{
public:
    creature(caf::actor_config &config, index_type index, actor mall, const std::vector<actor> *creatures)
        : event_based_actor(config), index_(index), colour_(index % 3), mall_(std::move(mall)), creatures_(creatures)
    {
    }

    behavior make_behavior() override
    {
        return {[this](meet_atom, index_type other, int32_t colour) {
                    meetings_++;
                    if (colour_ != colour) colour_ = 3 - colour_ - colour;
                    send((*creatures_)[size_t(other)], change_atom::value, colour_);
                    visit();
                },
                [this](change_atom, int32_t colour) {
                    meetings_++;
                    colour_ = colour;
                    visit();
                },
                [this](go_atom) { visit(); },
                [this](leave_atom) {
                    send(mall_, leave_atom::value, meetings_);
                    quit();
                }};
    }

private:
    void visit() { send(mall_, visit_atom::value, index_, colour_); }

    index_type index_;
    int32_t colour_;
    int64_t meetings_ = 0;
    actor mall_;
    const std::vector<actor> *creatures_; // as the mall's
};

} // namespace

// 100 creatures meet in pairs at one mall, n meetings together.
std::vector<result> chameneos(caf::actor_system &system, int64_t n)
{
    caf::scoped_actor self{system};
    std::vector<actor> creatures(100);
    auto place = system.spawn<mall>(n, &creatures, caf::actor_cast<actor>(self));
    for (size_t i = 0; i < creatures.size(); i++)
        creatures[i] = system.spawn<creature>(index_type(i), place, &creatures);
    int64_t begin = now_ns(), end = 0, sum = 0;
    for (auto &c : creatures) self->send(c, go_atom::value);
    self->receive([&](int64_t when, int64_t met) { end = when, sum = met; });
    check(sum == 2 * n, "the number of times that a creature met another", double(sum));
    return {{"chameneos", n, "meetings/s", end - begin}};
}

namespace
{

const uint32_t account_count = 1000, source_count = 800;
const int64_t under_way = 1000;

struct transfer {
    uint32_t source, destination;
    int64_t amount;
};

// The sequence of transfers.
struct transfers {
    uint32_t value = 123456;
    int64_t drawn = 0;

    uint32_t draw(uint32_t below)
    {
        value = (value * 1309 + 13849) & 65535;
        return value % below;
    }

    transfer next()
    {
        uint32_t source = draw(source_count);
        uint32_t step = std::max(1u, draw(account_count - source));
        return {source, source + step, drawn++ % 100 + 1};
    }
};

// While it waits for the answer of the destination, other messages stay in its mailbox: that is what await does.
class account : public event_based_actor
{
public:
    explicit account(caf::actor_config &config) : event_based_actor(config) {}

    behavior make_behavior() override
    {
        return {[this](pay_atom, const actor &teller, const actor &to, int64_t amount) {
                    balance_ -= amount;
                    request(to, caf::infinite, take_atom::value, amount).await([this, teller](paid_atom) {
                        send(teller, paid_atom::value);
                    });
                },
                [this](take_atom, int64_t amount) {
                    balance_ += amount;
                    return paid_atom::value;
                },
                [this](sum_atom) { return balance_; }};
    }

private:
    int64_t balance_ = 0;
};

class teller : public event_based_actor
{
public:
    teller(caf::actor_config &config, const std::vector<actor> *accounts, int64_t count, actor root)
        : event_based_actor(config), accounts_(accounts), count_(count), root_(std::move(root))
    {
    }

    behavior make_behavior() override
    {
        return {[this](go_atom) {
                    while (next_.drawn < std::min(count_, under_way)) begin();
                },
                [this](paid_atom) {
                    reported_++;
                    if (next_.drawn < count_)
                        begin();
                    else if (reported_ == count_)
                        send(root_, now_ns());
                }};
    }

private:
    void begin()
    {
        transfer t = next_.next();
        send((*accounts_)[t.source], pay_atom::value, caf::actor_cast<actor>(this), (*accounts_)[t.destination],
             t.amount);
    }

    const std::vector<actor> *accounts_; // lives in the function below; complete before the first message
    int64_t count_, reported_ = 0;
    transfers next_;
    actor root_;
};

} // namespace

// n transfers between 1000 accounts, 1000 of them under way.
std::vector<result> banking(caf::actor_system &system, int64_t n)
{
    caf::scoped_actor self{system};
    std::vector<actor> accounts;
    for (uint32_t i = 0; i < account_count; i++) accounts.push_back(system.spawn<account>());
    auto first = system.spawn<teller>(&accounts, n, caf::actor_cast<actor>(self));
    int64_t begin = now_ns(), end = 0;
    self->send(first, go_atom::value);
    self->receive([&](int64_t when) { end = when; });
    std::vector<int64_t> expected(account_count);
    for (transfers again; again.drawn < n;) {
        transfer t = again.next();
        expected[t.source] -= t.amount;
        expected[t.destination] += t.amount;
    }
    for (uint32_t i = 0; i < account_count; i++) {
        self->send(accounts[i], sum_atom::value);
        self->receive([&](int64_t balance) { check(balance == expected[i], "the balance of an account", double(balance)); });
    }
    return {{"banking", n, "transfers/s", end - begin}};
}
