%% SPDX-License-Identifier: Apache-2.0

%% The benchmarks in which processes meet through a third: chameneos and banking.
-module(bench_meeting).
-export([chameneos/1, banking/1]).

%% 100 creatures meet in pairs at one mall, N meetings together.
chameneos(N) ->
    Root = self(),
    Mall = spawn_link(fun() -> mall(N, Root) end),
    Creatures = [spawn_link(fun() -> creature_start(Mall, Index rem 3) end) || Index <- lists:seq(0, 99)],
    Begin = bench_peer:now_ns(),
    [Creature ! go || Creature <- Creatures],
    receive
        {met, Sum} -> ok
    end,
    End = bench_peer:now_ns(),
    bench_peer:check(2 * N, Sum),
    {"chameneos", N, "meetings/s", End - Begin, #{}}.

mall(0, Root) ->
    Root ! {met, send_away(100, 0)};
mall(Left, Root) ->
    receive
        {visit, First, _} -> ok
    end,
    receive
        {visit, Second, Colour} -> First ! {meet, Second, Colour}
    end,
    mall(Left - 1, Root).

send_away(0, Sum) ->
    Sum;
send_away(Creatures, Sum) ->
    receive
        {visit, Creature, _} ->
            Creature ! leave,
            send_away(Creatures, Sum);
        {meetings, Count} ->
            send_away(Creatures - 1, Sum + Count)
    end.

creature_start(Mall, Colour) ->
    receive
        go -> creature(Mall, Colour, 0)
    end.

creature(Mall, Colour, Meetings) ->
    Mall ! {visit, self(), Colour},
    receive
        {meet, Other, Theirs} ->
            New = complement(Colour, Theirs),
            Other ! {change, New},
            creature(Mall, New, Meetings + 1);
        {change, New} ->
            creature(Mall, New, Meetings + 1);
        leave ->
            Mall ! {meetings, Meetings}
    end.

complement(Colour, Colour) -> Colour;
complement(A, B) -> 3 - A - B.

%% N transfers between 1000 accounts, 1000 of them under way. The source waits for the answer of the destination by a
%% selective receive; the reference lets it pass over what was there before.
banking(N) ->
    Root = self(),
    Accounts = list_to_tuple([spawn_link(fun() -> account(0) end) || _ <- lists:seq(1, 1000)]),
    Begin = bench_peer:now_ns(),
    spawn_link(fun() -> teller_start(Accounts, N, Root) end),
    receive
        reported -> ok
    end,
    End = bench_peer:now_ns(),
    Expected = maps:to_list(expected(N, {123456, 0}, maps:from_list([{I, 0} || I <- lists:seq(0, 999)]))),
    [bench_peer:check(Amount, balance(element(Index + 1, Accounts))) || {Index, Amount} <- Expected],
    {"banking", N, "transfers/s", End - Begin, #{}}.

%% The sequence of transfers: {Source, Destination, Amount, State}.
next({Value, Drawn}) ->
    First = (Value * 1309 + 13849) band 65535,
    Source = First rem 800,
    Second = (First * 1309 + 13849) band 65535,
    Step = max(1, Second rem (1000 - Source)),
    {Source, Source + Step, Drawn rem 100 + 1, {Second, Drawn + 1}}.

expected(N, {_, N}, Balances) ->
    Balances;
expected(N, State, Balances) ->
    {Source, Destination, Amount, Next} = next(State),
    #{Source := From, Destination := To} = Balances,
    expected(N, Next, Balances#{Source := From - Amount, Destination := To + Amount}).

balance(Account) ->
    Account ! {balance, self()},
    receive
        {balance, Account, Amount} -> Amount
    end.

teller_start(Accounts, N, Root) ->
    State = begin_transfers(min(N, 1000), {123456, 0}, Accounts),
    teller(Accounts, N, 0, State, Root).

begin_transfers(0, State, _) ->
    State;
begin_transfers(Count, State, Accounts) ->
    {Source, Destination, Amount, Next} = next(State),
    element(Source + 1, Accounts) ! {pay, self(), element(Destination + 1, Accounts), Amount},
    begin_transfers(Count - 1, Next, Accounts).

teller(_, N, N, _, Root) ->
    Root ! reported;
teller(Accounts, N, Reported, {_, Drawn} = State, Root) ->
    receive
        paid when Drawn < N -> teller(Accounts, N, Reported + 1, begin_transfers(1, State, Accounts), Root);
        paid -> teller(Accounts, N, Reported + 1, State, Root)
    end.

account(Balance) ->
    receive
        {pay, Teller, To, Amount} ->
            Ref = make_ref(),
            To ! {take, self(), Ref, Amount},
            receive
                {taken, Ref} -> Teller ! paid
            end,
            account(Balance - Amount);
        {take, From, Ref, Amount} ->
            From ! {taken, Ref},
            account(Balance + Amount);
        {balance, From} ->
            From ! {balance, self(), Balance},
            account(Balance)
    end.
