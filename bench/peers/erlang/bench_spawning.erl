%% SPDX-License-Identifier: Apache-2.0

%% The benchmarks that make processes in great number.
-module(bench_spawning).
-export([spawn_all/1, tree/1]).

%% One process spawns N others, 1000 a turn. Each gets one message, answers it, and lives on until all have answered.
%% Twice: the first time is cold, the second warm.
spawn_all(N) ->
    [Cold, Warm] = [spawn_once(N), spawn_once(N)],
    {ColdNs, ColdRss, PerActor} = Cold,
    {WarmNs, WarmRss, _} = Warm,
    [
        {"spawn_cold", N, "actors/s", ColdNs, #{rss_bytes => ColdRss, bytes_per_actor => PerActor}},
        {"spawn", N, "actors/s", WarmNs, #{rss_bytes => WarmRss}}
    ].

spawn_once(N) ->
    Before = bench_peer:memory("VmRSS"),
    Root = self(),
    Group = spawn(fun() ->
        Begin = bench_peer:now_ns(),
        Sum = spawn_turns(0, N, 0),
        Root ! {spawned, bench_peer:now_ns() - Begin, Sum},
        %% The others are linked to this one, so they end with it.
        receive
            leave -> exit(left)
        end
    end),
    receive
        {spawned, Ns, Sum} -> bench_peer:check(N * (N - 1) div 2, Sum)
    end,
    Rss = bench_peer:memory("VmRSS"),
    bench_peer:check(true, erlang:system_info(process_count) > N),
    Group ! leave,
    wait_until_gone(1000),
    {Ns, Rss, (Rss - Before) div N}.

spawn_turns(N, N, Sum) ->
    Sum;
spawn_turns(First, N, Sum) ->
    Last = min(First + 1000, N),
    greet(First, Last),
    spawn_turns(Last, N, Sum + answers(Last - First, 0)).

greet(Last, Last) ->
    ok;
greet(Index, Last) ->
    Self = self(),
    spawn_link(fun greeted/0) ! {hello, Self, Index},
    greet(Index + 1, Last).

greeted() ->
    receive
        {hello, From, Number} ->
            From ! {answer, Number},
            greeted()
    end.

answers(0, Sum) ->
    Sum;
answers(Left, Sum) ->
    receive
        {answer, Number} -> answers(Left - 1, Sum + Number)
    end.

wait_until_gone(Processes) ->
    case erlang:system_info(process_count) of
        Count when Count < Processes ->
            ok;
        _ ->
            timer:sleep(10),
            wait_until_gone(Processes)
    end.

%% A binary tree of N processes: each spawns two, adds up what they counted, reports and ends.
tree(N) ->
    Depth = depth(N, 0),
    Root = self(),
    Begin = bench_peer:now_ns(),
    spawn_link(fun() -> node(Depth, Root) end),
    receive
        {count, Count} -> ok
    end,
    End = bench_peer:now_ns(),
    bench_peer:check((2 bsl Depth) - 1, Count),
    {"tree", Count, "actors/s", End - Begin, #{}}.

depth(N, Depth) when (4 bsl Depth) - 1 > N -> Depth;
depth(N, Depth) -> depth(N, Depth + 1).

node(0, Parent) ->
    Parent ! {count, 1};
node(Depth, Parent) ->
    Self = self(),
    spawn(fun() -> node(Depth - 1, Self) end),
    spawn(fun() -> node(Depth - 1, Self) end),
    receive
        {count, A} -> ok
    end,
    receive
        {count, B} -> ok
    end,
    Parent ! {count, A + B + 1}.
