%% SPDX-License-Identifier: Apache-2.0

%% The benchmarks that send messages between processes that stay.
-module(bench_messages).
-export([ping_pong/1, thread_ring/1, counting/1, fan_in/1, fork_join/1, big/1, ask/1]).

%% Starts a process that sends its result back, and waits for that.
in_process(Fun) ->
    {_, Monitor} = spawn_opt(fun() -> exit({result, Fun()}) end, [monitor]),
    receive
        {'DOWN', Monitor, process, _, {result, Result}} -> Result;
        {'DOWN', Monitor, process, _, Reason} -> error(Reason)
    end.

%% Two processes, N messages: half of them there, half of them back.
ping_pong(N) ->
    Rounds = N div 2,
    Pong = spawn_link(fun pong/0),
    Ns = in_process(fun() ->
        Begin = bench_peer:now_ns(),
        Last = ping(Pong, 0, Rounds),
        End = bench_peer:now_ns(),
        bench_peer:check(Rounds, Last),
        End - Begin
    end),
    {"ping_pong", 2 * Rounds, "messages/s", Ns, #{}}.

ping(_, Rounds, Rounds) ->
    Rounds;
ping(Pong, Number, Rounds) ->
    Pong ! {ping, self(), Number},
    receive
        {pong, Next} -> ping(Pong, Next, Rounds)
    end.

pong() ->
    receive
        {ping, From, Number} ->
            From ! {pong, Number + 1},
            pong()
    end.

%% 100 processes in a ring pass a token on; N hops.
thread_ring(N) ->
    Root = self(),
    Last = spawn_link(fun() ->
        receive
            {next, Next} -> ring(Next, 99, Root)
        end
    end),
    First = lists:foldl(
        fun(Index, Next) -> spawn_link(fun() -> ring(Next, Index, Root) end) end,
        Last,
        lists:seq(98, 0, -1)
    ),
    Last ! {next, First},
    Begin = bench_peer:now_ns(),
    First ! {token, N},
    receive
        {ended, Index, End} -> bench_peer:check(N rem 100, Index)
    end,
    {"thread_ring", N, "messages/s", End - Begin, #{}}.

ring(Next, Index, Root) ->
    receive
        {token, 0} ->
            Root ! {ended, Index, bench_peer:now_ns()};
        {token, Hops} ->
            Next ! {token, Hops - 1},
            ring(Next, Index, Root)
    end.

%% The receiver of many: adds up until it was asked for the sum by each sender. An increment is its amount alone, which
%% is sent without copying (as {add, Amount} it takes half as long again). The high priority keeps the backlog short: in
%% fan_in that is three times as fast; off_heap queues and larger heaps were slower.
counter(Senders) ->
    spawn_opt(fun() -> count(0, Senders) end, [link, {priority, high}]).

count(Sum, Senders) ->
    receive
        Amount when is_integer(Amount) ->
            count(Sum + Amount, Senders);
        {sum, From} when Senders =:= 1 ->
            From ! {sum, Sum};
        {sum, _} ->
            count(Sum, Senders - 1)
    end.

%% Sends Left messages, 1000 a turn: then a message to itself that continues.
produce(_, _, 0) ->
    ok;
produce(Counter, Amount, Left) ->
    Turn = min(Left, 1000),
    send_turn(Counter, Amount, Turn),
    self() ! continue,
    receive
        continue -> produce(Counter, Amount, Left - Turn)
    end.

send_turn(_, _, 0) ->
    ok;
send_turn(Counter, Amount, Left) ->
    Counter ! Amount,
    send_turn(Counter, Amount, Left - 1).

%% A producer sends N increments to a counter, then asks for the sum.
counting(N) ->
    Ns = in_process(fun() ->
        Counter = counter(1),
        Begin = bench_peer:now_ns(),
        produce(Counter, 1, N),
        Counter ! {sum, self()},
        receive
            {sum, Sum} -> ok
        end,
        End = bench_peer:now_ns(),
        bench_peer:check(N, Sum),
        End - Begin
    end),
    {"counting", N, "messages/s", Ns, #{}}.

%% 20 senders, one receiver, N messages together.
fan_in(N) ->
    Each = N div 20,
    Root = self(),
    Counter = counter(20),
    Begin = bench_peer:now_ns(),
    [
        spawn_link(fun() ->
            produce(Counter, Index, Each),
            Counter ! {sum, Root}
        end)
     || Index <- lists:seq(1, 20)
    ],
    receive
        {sum, Sum} -> ok
    end,
    End = bench_peer:now_ns(),
    bench_peer:check(Each * 210, Sum),
    {"fan_in", Each * 20, "messages/s", End - Begin, #{}}.

%% 60 processes that compute, one sender that gives them work in turn; N messages together.
fork_join(N) ->
    Each = N div 60,
    Root = self(),
    Workers = [spawn_link(fun() -> work(0.0) end) || _ <- lists:seq(1, 60)],
    Begin = bench_peer:now_ns(),
    spawn_link(fun() -> fork(Workers, 0, Each, Root) end),
    Sums = [
        receive
            {sum, Worker, Sum} -> Sum
        end
     || Worker <- Workers
    ],
    End = bench_peer:now_ns(),
    Expected = squares(0, Each, 0.0),
    [bench_peer:check(true, abs(Sum - Expected) =< 1.0e-6 * Expected + 1.0e-9) || Sum <- Sums],
    {"fork_join", Each * 60, "messages/s", End - Begin, #{}}.

work(Sum) ->
    receive
        {work, Number} ->
            Sin = math:sin(37.2 + Number),
            work(Sum + Sin * Sin);
        {sum, From} ->
            From ! {sum, self(), Sum}
    end.

squares(Each, Each, Sum) ->
    Sum;
squares(Number, Each, Sum) ->
    Sin = math:sin(37.2 + Number),
    squares(Number + 1, Each, Sum + Sin * Sin).

%% 1200 a turn are 20 for each of the 60.
fork(Workers, Each, Each, Root) ->
    [Worker ! {sum, Root} || Worker <- Workers];
fork(Workers, Number, Each, Root) ->
    [Worker ! {work, Number} || Worker <- Workers],
    case Number rem 20 of
        19 ->
            self() ! continue,
            receive
                continue -> ok
            end;
        _ ->
            ok
    end,
    fork(Workers, Number + 1, Each, Root).

%% 120 processes ping random others, one ping outstanding each; N messages together.
big(N) ->
    Pings = N div 2 div 120,
    Root = self(),
    Actors = [spawn_link(fun() -> big_start(Index, Pings, Root) end) || Index <- lists:seq(0, 119)],
    All = list_to_tuple(Actors),
    [Actor ! {others, All} || Actor <- Actors],
    Begin = bench_peer:now_ns(),
    [Actor ! go || Actor <- Actors],
    [
        receive
            {finished, Actor} -> ok
        end
     || Actor <- Actors
    ],
    End = bench_peer:now_ns(),
    [Actor ! stop || Actor <- Actors],
    Answered = lists:sum([
        receive
            {answered, Actor, Count} -> Count
        end
     || Actor <- Actors
    ]),
    bench_peer:check(Pings * 120, Answered),
    {"big", 2 * Pings * 120, "messages/s", End - Begin, #{}}.

big_start(Index, Pings, Root) ->
    receive
        {others, All} -> ok
    end,
    receive
        go -> big_next(Index, Index, Pings, All, Root, 0)
    end.

big_next(Index, Value, Left, All, Root, Answered) ->
    Next = (Value * 1309 + 13849) band 65535,
    Draw = Next rem (tuple_size(All) - 1),
    Target =
        if
            Draw >= Index -> element(Draw + 2, All);
            true -> element(Draw + 1, All)
        end,
    Target ! {ping, self()},
    big_wait(Index, Next, Left, All, Root, Answered, Target).

big_wait(Index, Value, Left, All, Root, Answered, Target) ->
    receive
        {ping, From} ->
            From ! {pong, self()},
            big_wait(Index, Value, Left, All, Root, Answered + 1, Target);
        {pong, Target} when Left > 1 ->
            big_next(Index, Value, Left - 1, All, Root, Answered);
        {pong, Target} ->
            Root ! {finished, self()},
            big_wait(Index, Value, 0, All, Root, Answered, none);
        {pong, Other} ->
            error({pong_of, Other, instead_of, Target});
        stop ->
            Root ! {answered, self(), Answered}
    end.

%% N requests one after the other, each with a new reference as gen_server:call does them, without its monitor and its
%% deadline. Latencies are means of batches of 100.
ask(N) ->
    Server = spawn_link(fun answer/0),
    Batches = (N + 99) div 100,
    {Ns, Latencies} = in_process(fun() ->
        Begin = bench_peer:now_ns(),
        All = ask_batches(Server, 0, Batches, []),
        {bench_peer:now_ns() - Begin, All}
    end),
    {"ask", Batches * 100, "requests/s", Ns, #{latencies => Latencies}}.

answer() ->
    receive
        {ask, From, Ref, Value} ->
            From ! {Ref, Value + 1},
            answer()
    end.

ask_batches(_, Batches, Batches, Latencies) ->
    Latencies;
ask_batches(Server, Batch, Batches, Latencies) ->
    Begin = bench_peer:now_ns(),
    ask_batch(Server, Batch * 100, Batch * 100 + 100),
    ask_batches(Server, Batch + 1, Batches, [(bench_peer:now_ns() - Begin) / 100 | Latencies]).

ask_batch(_, End, End) ->
    ok;
ask_batch(Server, Value, End) ->
    Ref = make_ref(),
    Server ! {ask, self(), Ref, Value},
    receive
        {Ref, Answer} -> bench_peer:check(Value + 1, Answer)
    end,
    ask_batch(Server, Value + 1, End).
