%% SPDX-License-Identifier: Apache-2.0

%% The benchmarks in Erlang. It is what Greenroom is compared with; it uses nothing of Greenroom.
%% Started by the script `peer`, it prints one JSON line per result. Mailboxes have no bound.
-module(bench_peer).
-export([main/1, memory/1, now_ns/0, check/2]).

main([Name, N, Cores]) ->
    try
        jit = erlang:system_info(emu_flavor),
        Results = run(Name, list_to_integer(N)),
        [print(R, list_to_integer(Cores)) || R <- Results],
        halt(0)
    catch
        Class:Reason:Stack ->
            io:format(standard_error, "peer: ~p: ~p at ~p~n", [Class, Reason, Stack]),
            halt(1)
    end.

run("ping_pong", N) -> [bench_messages:ping_pong(N)];
run("thread_ring", N) -> [bench_messages:thread_ring(N)];
run("counting", N) -> [bench_messages:counting(N)];
run("fan_in", N) -> [bench_messages:fan_in(N)];
run("fork_join", N) -> [bench_messages:fork_join(N)];
run("chameneos", N) -> [bench_meeting:chameneos(N)];
run("big", N) -> [bench_messages:big(N)];
run("banking", N) -> [bench_meeting:banking(N)];
run("ask", N) -> [bench_messages:ask(N)];
run("timers", N) -> [bench_timers:timers(N)];
run("spawn", N) -> bench_spawning:spawn_all(N);
run("tree", N) -> [bench_spawning:tree(N)].

%% A result is {Name, Count, Unit, Nanoseconds, Extra}; Extra may hold rss_bytes, bytes_per_actor and latencies.
print({Name, Count, Unit, Ns, Extra}, Cores) ->
    Rss = maps:get(rss_bytes, Extra, memory("VmHWM")),
    PerActor =
        case Extra of
            #{bytes_per_actor := B} -> io_lib:format(",\"bytes_per_actor\":~b", [B]);
            #{} -> ""
        end,
    Latencies =
        case Extra of
            #{latencies := L} ->
                Sorted = list_to_tuple(lists:sort(L)),
                io_lib:format(",\"p50_ns\":~.1f,\"p99_ns\":~.1f", [float(percentile(Sorted, P)) || P <- [50, 99]]);
            #{} ->
                ""
        end,
    io:format(
        "{\"name\":\"~s\",\"loops\":~b,\"n\":~b,\"seconds\":~.6f,\"rate\":~.1f,\"unit\":\"~s\",\"rss_bytes\":~b~s~s,"
        "\"peer\":\"erlang\"}~n",
        [Name, Cores, Count, Ns / 1.0e9, Count * 1.0e9 / Ns, Unit, Rss, PerActor, Latencies]
    ).

percentile(Sorted, Percent) ->
    element(1 + (tuple_size(Sorted) - 1) * Percent div 100, Sorted).

now_ns() -> erlang:monotonic_time(nanosecond).

check(Expected, Expected) -> ok;
check(Expected, Found) -> error({wrong_result, Found, instead_of, Expected}).

%% A line of /proc/self/status (VmRSS, VmHWM), in bytes.
memory(Field) ->
    {ok, Status} = file:read_file("/proc/self/status"),
    {match, [Kib]} = re:run(Status, Field ++ ":\\s+(\\d+)", [{capture, all_but_first, list}]),
    list_to_integer(Kib) * 1024.
