// SPDX-License-Identifier: Apache-2.0

// The benchmarks that send messages between actors that stay.
#include "peer.hpp"

#include <cmath>

using caf::actor;
using caf::behavior;
using caf::event_based_actor;

// Sends `go` to `first` as from main, and waits for the int64 (a time in nanoseconds) that comes back.
static int64_t run(caf::scoped_actor &self, const actor &first)
{
    int64_t ns = 0;
    self->send(first, go_atom::value, caf::actor_cast<actor>(self));
    self->receive([&](int64_t found) { ns = found; });
    return ns;
}

// Two actors, n messages: half of them there, half of them back.
class pinger : public event_based_actor
{
public:
    pinger(caf::actor_config &config, actor pong, int64_t rounds)
        : event_based_actor(config), pong_(std::move(pong)), rounds_(rounds)
    {
    }

    behavior make_behavior() override
    {
        return {[this](int64_t number) {
                    if (number < rounds_) {
                        send(pong_, number);
                    } else {
                        check(number == rounds_, "the last pong", double(number));
                        send(root_, now_ns() - begin_);
                    }
                },
                [this](go_atom, const actor &root) {
                    root_ = root;
                    begin_ = now_ns();
                    send(pong_, int64_t(0));
                }};
    }

private:
    actor pong_, root_;
    int64_t rounds_, begin_ = 0;
};

static behavior ponger(event_based_actor *)
{
    return {[](int64_t number) { return number + 1; }};
}

std::vector<result> ping_pong(caf::actor_system &system, int64_t n)
{
    int64_t rounds = n / 2;
    caf::scoped_actor self{system};
    int64_t ns = run(self, system.spawn<pinger>(system.spawn(ponger), rounds));
    return {{"ping_pong", 2 * rounds, "messages/s", ns}};
}

// 100 actors in a ring pass a token on; n hops.
class ring_actor : public event_based_actor
{
public:
    ring_actor(caf::actor_config &config, int64_t index, actor root)
        : event_based_actor(config), index_(index), root_(std::move(root))
    {
    }

    behavior make_behavior() override
    {
        return {[this](int64_t hops) {
                    if (hops > 0)
                        send(next_, hops - 1);
                    else
                        send(root_, index_, now_ns());
                },
                [this](const actor &next) { next_ = next; }};
    }

private:
    int64_t index_;
    actor root_, next_;
};

std::vector<result> thread_ring(caf::actor_system &system, int64_t n)
{
    const size_t actors = 100;
    caf::scoped_actor self{system};
    std::vector<actor> ring;
    for (size_t i = 0; i < actors; i++)
        ring.push_back(system.spawn<ring_actor>(int64_t(i), caf::actor_cast<actor>(self)));
    for (size_t i = 0; i < actors; i++) self->send(ring[i], ring[(i + 1) % actors]);
    int64_t begin = now_ns(), end = 0;
    self->send(ring[0], n);
    self->receive([&](int64_t index, int64_t when) {
        check(index == n % int64_t(actors), "the token's end", double(index));
        end = when;
    });
    return {{"thread_ring", n, "messages/s", end - begin}};
}

// Adds up until each sender has asked for the sum.
class counter : public event_based_actor
{
public:
    counter(caf::actor_config &config, int senders) : event_based_actor(config), senders_(senders) {}

    behavior make_behavior() override
    {
        return {[this](int64_t amount) { sum_ += amount; },
                [this](sum_atom, const actor &asker) {
                    if (--senders_ == 0) send(asker, sum_atom::value, sum_);
                }};
    }

private:
    int senders_;
    int64_t sum_ = 0;
};

// Sends increments, `most` a turn: then a message to itself that continues; at last it asks for the sum.
class producer : public event_based_actor
{
public:
    producer(caf::actor_config &config, actor counter, int64_t amount, int64_t count, int64_t most, actor asker)
        : event_based_actor(config), counter_(std::move(counter)), asker_(std::move(asker)), amount_(amount),
          left_(count), most_(most)
    {
    }

    behavior make_behavior() override
    {
        return {[this](turn_atom) { turn(); }};
    }

private:
    void turn()
    {
        for (int64_t i = 0; i < most_ && left_ > 0; i++, left_--) send(counter_, amount_);
        if (left_ > 0)
            send(this, turn_atom::value);
        else
            send(counter_, sum_atom::value, asker_);
    }

    actor counter_, asker_;
    int64_t amount_, left_, most_;
};

// `senders` producers with n increments together to one counter, `most` a turn.
static result count(caf::actor_system &system, const char *name, int senders, int64_t n, int64_t most = 1000)
{
    caf::scoped_actor self{system};
    int64_t each = n / senders;
    auto total = system.spawn<counter>(senders);
    std::vector<actor> producers;
    for (int i = 1; i <= senders; i++)
        producers.push_back(system.spawn<producer>(total, int64_t(i), each, most, caf::actor_cast<actor>(self)));
    int64_t begin = now_ns(), sum = 0;
    for (auto &p : producers) self->send(p, turn_atom::value);
    self->receive([&](sum_atom, int64_t found) { sum = found; });
    int64_t end = now_ns();
    check(sum == each * senders * (senders + 1) / 2, "the sum", double(sum));
    return {name, each * senders, "messages/s", end - begin};
}

std::vector<result> counting(caf::actor_system &system, int64_t n)
{
    return {count(system, "counting", 1, n)};
}

// All in one turn: mailboxes have no bound, so on one core all are in the counter's before it runs.
std::vector<result> counting_burst(caf::actor_system &system, int64_t n)
{
    return {count(system, "counting_burst", 1, n, n)};
}

std::vector<result> fan_in(caf::actor_system &system, int64_t n)
{
    return {count(system, "fan_in", 20, n)};
}

// 60 actors that compute, one sender that gives them work in turn, 1200 a turn; n messages together.
class worker : public event_based_actor
{
public:
    explicit worker(caf::actor_config &config) : event_based_actor(config) {}

    behavior make_behavior() override
    {
        return {[this](int64_t number) {
                    double s = std::sin(37.2 + double(number));
                    sum_ += s * s;
                },
                [this](sum_atom, const actor &asker) { send(asker, sum_); }};
    }

private:
    double sum_ = 0;
};

class forker : public event_based_actor
{
public:
    forker(caf::actor_config &config, std::vector<actor> workers, int64_t each, actor asker)
        : event_based_actor(config), workers_(std::move(workers)), asker_(std::move(asker)), each_(each)
    {
    }

    behavior make_behavior() override
    {
        return {[this](turn_atom) { turn(); }};
    }

private:
    void turn()
    {
        for (int i = 0; i < 20 && number_ < each_; i++, number_++)
            for (auto &w : workers_) send(w, number_);
        if (number_ < each_)
            send(this, turn_atom::value);
        else
            for (auto &w : workers_) send(w, sum_atom::value, asker_);
    }

    std::vector<actor> workers_;
    actor asker_;
    int64_t each_, number_ = 0;
};

std::vector<result> fork_join(caf::actor_system &system, int64_t n)
{
    const size_t actors = 60;
    int64_t each = n / int64_t(actors);
    caf::scoped_actor self{system};
    std::vector<actor> workers;
    for (size_t i = 0; i < actors; i++) workers.push_back(system.spawn<worker>());
    auto first = system.spawn<forker>(workers, each, caf::actor_cast<actor>(self));
    std::vector<double> sums;
    int64_t begin = now_ns();
    self->send(first, turn_atom::value);
    for (size_t i = 0; i < actors; i++) self->receive([&](double sum) { sums.push_back(sum); });
    int64_t end = now_ns();
    double expected = 0;
    for (int64_t number = 0; number < each; number++) {
        double s = std::sin(37.2 + double(number));
        expected += s * s;
    }
    for (double sum : sums) check(std::fabs(sum - expected) < 1e-6 * expected + 1e-9, "an actor's sum", sum);
    return {{"fork_join", each * int64_t(actors), "messages/s", end - begin}};
}

// n requests one after the other, without a deadline; latencies are means of batches of 100.
class asker : public event_based_actor
{
public:
    asker(caf::actor_config &config, actor server, int64_t n, std::vector<double> *latencies)
        : event_based_actor(config), server_(std::move(server)), n_(n), latencies_(latencies)
    {
    }

    behavior make_behavior() override
    {
        return {[this](go_atom, const actor &root) {
            root_ = root;
            begin_ = batch_begin_ = now_ns();
            next();
        }};
    }

private:
    void next()
    {
        request(server_, caf::infinite, value_).then([this](int64_t answer) {
            check(answer == ++value_, "an answer", double(answer));
            if (value_ % 100 == 0) {
                int64_t now = now_ns();
                latencies_->push_back(double(now - batch_begin_) / 100);
                batch_begin_ = now;
            }
            if (value_ < n_)
                next();
            else
                send(root_, now_ns() - begin_);
        });
    }

    actor server_, root_;
    int64_t n_, value_ = 0, begin_ = 0, batch_begin_ = 0;
    std::vector<double> *latencies_;
};

std::vector<result> ask(caf::actor_system &system, int64_t n)
{
    std::vector<double> latencies;
    n = (n + 99) / 100 * 100;
    latencies.reserve(size_t(n / 100));
    caf::scoped_actor self{system};
    int64_t ns = run(self, system.spawn<asker>(system.spawn(ponger), n, &latencies));
    return {{"ask", n, "requests/s", ns, 0, 0, latencies}};
}
