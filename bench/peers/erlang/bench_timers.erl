%% SPDX-License-Identifier: Apache-2.0

%% The benchmark of timers.
-module(bench_timers).
-export([timers/1]).

%% 100 processes arm N timers of 1 to 1000 ms together, 100 a turn, each process for itself. The rate is that of the
%% arming; the latencies are how late each message came.
timers(N) ->
    Each = max(1, N div 100),
    Root = self(),
    Begin = bench_peer:now_ns(),
    [spawn_link(fun() -> arm(Index, Each, Each, [], Root) end) || Index <- lists:seq(0, 99)],
    Ends = [
        receive
            {armed, End} -> End
        end
     || _ <- lists:seq(1, 100)
    ],
    Late = lists:append([
        receive
            {late, L} -> L
        end
     || _ <- lists:seq(1, 100)
    ]),
    bench_peer:check(Each * 100, length(Late)),
    {"timers", Each * 100, "timers/s", lists:max(Ends) - Begin, #{latencies => Late}}.

arm(_, 0, Count, Late, Root) ->
    Root ! {armed, bench_peer:now_ns()},
    Root ! {late, wait(Count - length(Late), Late)};
arm(Value, Left, Count, Late, Root) ->
    Turn = min(Left, 100),
    Next = arm_turn(Value, Turn, {0, 0}),
    self() ! continue,
    arm(Next, Left - Turn, Count, continue(Late), Root).

%% The clock is read once for 100 timers, as reading it takes time. The message is the time when it is due alone, which is
%% sent without copying: as a tuple it takes half as long again.
arm_turn(Value, 0, _) ->
    Value;
arm_turn(Value, Left, {0, _}) ->
    arm_turn(Value, Left, {100, bench_peer:now_ns()});
arm_turn(Value, Left, {More, Now}) ->
    Next = (Value * 1309 + 13849) band 65535,
    Delay = Next rem 1000 + 1,
    erlang:send_after(Delay, self(), Now + Delay * 1000000),
    arm_turn(Next, Left - 1, {More - 1, Now}).

%% Takes what has come until its own message to go on.
continue(Late) ->
    receive
        Due when is_integer(Due) -> continue([bench_peer:now_ns() - Due | Late]);
        continue -> Late
    end.

wait(0, Late) ->
    Late;
wait(Left, Late) ->
    receive
        Due when is_integer(Due) -> wait(Left - 1, [bench_peer:now_ns() - Due | Late])
    end.
