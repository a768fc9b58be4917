#!/usr/bin/env escript
%%! -kernel logger_level none
%% The peer Erlang/OTP: `escript erlang.escript WORKLOAD`, the other end of harness/line-session.ts.
-module(erlang_peer).
-mode(compile).
-export([main/1, init/1, handle_call/3, handle_cast/2, handle_info/2, start_counter/0]).

-define(BLOCK, 5000).
-define(BATCH, 1000).

main([Name]) ->
    say("{\"ready\": true}"),
    rounds(list_to_atom(Name)).

%% One line in, the size of a round; one line out, its figure. Ends with its input.
rounds(Name) ->
    case io:get_line("") of
        Line when is_list(Line) ->
            Size = list_to_integer(string:trim(Line)),
            try round_of(Name, Size) of
                Figure -> say(io_lib:format("{\"value\": ~w}", [float(Figure)]))
            catch
                Class:Reason -> say(io_lib:format("{\"error\": \"~w\"}", [{Class, Reason}]))
            end,
            rounds(Name);
        _ ->
            halt(0)
    end.

say(Line) -> io:put_chars([Line, $\n]).

round_of(version, _) -> list_to_integer(erlang:system_info(otp_release));
round_of(tell, Size) -> tell(Size);
round_of(ask, Size) -> max(ask_server(Size), ask_pair(Size));
round_of(idle, Size) -> idle(Size);
round_of(crash, Size) -> crash(Size);
round_of(spawn_and_stop, Size) -> spawn_and_stop(Size);
round_of(volley, Size) -> volley(Size).

now_ns() -> erlang:monotonic_time(nanosecond).

per_second(Count, Began) -> Count * 1.0e9 / (now_ns() - Began).

%% One process floods another in blocks, each handled before the next is sent.
tell(Size) ->
    Me = self(),
    Counter = spawn_link(fun() -> counter(0, ?BLOCK, Me) end),
    Began = now_ns(),
    tell_blocks(Counter, Size),
    Figure = per_second(Size, Began),
    stop(Counter),
    Figure.

tell_blocks(_, Left) when Left =< 0 -> ok;
tell_blocks(Counter, Left) ->
    Block = min(?BLOCK, Left),
    Block =:= ?BLOCK orelse (Counter ! {block, Block}),
    send(Counter, Block),
    receive handled -> ok end,
    tell_blocks(Counter, Left - Block).

send(_, 0) -> ok;
send(Counter, Left) ->
    Counter ! {add, 1},
    send(Counter, Left - 1).

counter(Total, 0, To) ->
    To ! handled,
    counter(Total, ?BLOCK, To);
counter(Total, Left, To) ->
    receive
        {add, By} -> counter(Total + By, Left - 1, To);
        {block, Block} -> counter(Total, Block, To);
        stop -> ok
    end.

stop(Pid) ->
    unlink(Pid),
    Monitor = monitor(process, Pid),
    Pid ! stop,
    receive {'DOWN', Monitor, process, Pid, _} -> ok end.

%% Asks, one at a time: a gen_server, and the least that two processes can do. The faster one counts.
ask_server(Size) ->
    {ok, Server} = gen_server:start_link(?MODULE, 0, []),
    Began = now_ns(),
    call_server(Server, Size),
    Figure = per_second(Size, Began),
    gen_server:stop(Server),
    Figure.

call_server(_, 0) -> ok;
call_server(Server, Left) ->
    _ = gen_server:call(Server, {add, 1}),
    call_server(Server, Left - 1).

ask_pair(Size) ->
    Pid = spawn_link(fun() -> answering(0) end),
    Began = now_ns(),
    call_pair(Pid, Size),
    Figure = per_second(Size, Began),
    stop(Pid),
    Figure.

call_pair(_, 0) -> ok;
call_pair(Pid, Left) ->
    Tag = make_ref(),
    Pid ! {ask, self(), Tag, 1},
    receive {Tag, _} -> ok end,
    call_pair(Pid, Left - 1).

answering(Total) ->
    receive
        {ask, From, Tag, By} ->
            From ! {Tag, Total + By},
            answering(Total + By);
        stop -> ok
    end.

%% Bytes of a process that waits.
idle(Size) ->
    erlang:garbage_collect(),
    Before = erlang:memory(processes),
    Pids = [spawn(fun() -> counter(0, ?BLOCK, undefined) end) || _ <- lists:seq(1, Size)],
    erlang:garbage_collect(),
    List = Size * 2 * erlang:system_info(wordsize), % the list of pids is the measurer's
    Figure = (erlang:memory(processes) - Before - List) / Size,
    lists:foreach(fun stop/1, Pids),
    Figure.

%% Microseconds from the crash of a supervised gen_server until it answers again, p50.
crash(Size) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, ward),
    Times = [crash_once() || _ <- lists:seq(1, Size)],
    unlink(Supervisor),
    gen_server:stop(Supervisor),
    lists:nth((Size + 1) div 2, lists:sort(Times)) / 1000.

crash_once() ->
    Began = now_ns(),
    fragile ! crash,
    ask_again(),
    now_ns() - Began.

%% To look for the name costs less than a call that fails, and leaves the processor to the supervisor.
ask_again() ->
    case whereis(fragile) of
        undefined ->
            erlang:yield(),
            ask_again();
        Pid ->
            try gen_server:call(Pid, get) of
                _ -> ok
            catch
                exit:_ -> ask_again()
            end
    end.

start_counter() -> gen_server:start_link({local, fragile}, ?MODULE, 0, []).

init(ward) ->
    Flags = #{strategy => one_for_one, intensity => 10000, period => 1},
    {ok, {Flags, [#{id => fragile, start => {?MODULE, start_counter, []}}]}};
init(Total) ->
    {ok, Total}.

handle_call({add, By}, _, Total) -> {reply, Total + By, Total + By};
handle_call(get, _, Total) -> {reply, Total, Total}.

handle_cast(_, Total) -> {noreply, Total}.

handle_info(crash, _) -> error(told_to).

%% In batches: all are started, then all are stopped, then all have ended.
spawn_and_stop(Size) ->
    Began = now_ns(),
    batches(Size),
    per_second(Size, Began).

batches(Left) when Left =< 0 -> ok;
batches(Left) ->
    Batch = lists:seq(1, min(?BATCH, Left)),
    Started = [spawn_monitor(fun() -> counter(0, ?BLOCK, undefined) end) || _ <- Batch],
    lists:foreach(fun({Pid, _}) -> Pid ! stop end, Started),
    lists:foreach(fun({Pid, Monitor}) -> receive {'DOWN', Monitor, process, Pid, _} -> ok end end, Started),
    batches(Left - ?BATCH).

%% Two processes that send to each other.
volley(Size) ->
    Me = self(),
    Left = spawn_link(fun() -> meet(Me) end),
    Right = spawn_link(fun() -> meet(Me) end),
    Left ! {meet, Right},
    Right ! {meet, Left},
    Began = now_ns(),
    Left ! {ball, Size - 1},
    receive over -> ok end,
    Figure = per_second(Size, Began),
    stop(Left),
    stop(Right),
    Figure.

meet(Referee) -> receive {meet, Other} -> play(Other, Referee) end.

play(Other, Referee) ->
    receive
        {ball, 0} ->
            Referee ! over,
            play(Other, Referee);
        {ball, Left} ->
            Other ! {ball, Left - 1},
            play(Other, Referee);
        stop -> ok
    end.
