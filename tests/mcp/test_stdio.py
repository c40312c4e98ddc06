"""A server that is a program: how it is started, spoken to and ended, and what it does not get."""

import asyncio
import os
import signal
import time
from pathlib import Path

import msgspec
import pytest
from support.scripted_stdio import command

from device.mcp import stdio
from device.mcp.messages import McpError, RpcError, SilentError
from device.mcp.stdio import StdioTransport, environment
from device.settings.mcp import McpSettings

PATH = {"PATH": os.environ["PATH"]}


def way(lines, **settings):
    return StdioTransport("files", McpSettings(command=command(lines), **settings), PATH)


async def ask(transport, method, params, **more):
    return msgspec.json.decode(await transport.ask(method, params, **more))


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


async def until(what, seconds=5.0):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def test_a_program_gets_none_of_our_keys():
    ours = {
        "PATH": "/bin",
        "LC_TIME": "de_DE.UTF-8",
        "OPENAI_API_KEY": "sk-1",
        "PARLEY_MCP_HOME_TOKEN": "t",
        "CREDENTIALS_DIRECTORY": "/run/keys",
        "NOTIFY_SOCKET": "/run/notify",
        "SERVER_KEY": "for it",
    }
    plain = McpSettings(command=("x",))
    assert environment(plain, ours) == {"PATH": "/bin", "LC_TIME": "de_DE.UTF-8"}
    assert environment(McpSettings(command=("x",), variables=("SERVER_KEY",)), ours)["SERVER_KEY"] == "for it"


async def test_requests_and_answers_may_cross():
    transport = way("""
        if method == "slow": late = message
        else:
            said({"first": True}); message = late; said({"second": True})
    """)
    slow = asyncio.create_task(ask(transport, "slow", {}, timeout_s=5))
    await asyncio.sleep(0.3)
    assert await ask(transport, "quick", {}, timeout_s=5) == {"first": True}
    assert await slow == {"second": True}
    await transport.close()


async def test_an_error_is_told_and_nonsense_passed_over():
    transport = way("""
        write("Hello, I am a server!\\n\\n{}\\n[1]\\n" + "\\x00" * 9 + "\\n")
        tell("notifications/progress", {"progressToken": "strange"})
        write('{"jsonrpc": "2.0", "id": 999, "result": {}}\\n')
        fault(-32602, "no such tool")
    """)
    with pytest.raises(RpcError, match=r"no such tool \(-32602\)"):
        await ask(transport, "tools/call", {}, timeout_s=5)
    await transport.close()


async def test_progress_and_other_news_are_heard():
    transport = way("""
        token = params["_meta"]["progressToken"]
        for step in range(4):
            time.sleep(0.4); tell("notifications/progress", {"progressToken": token, "progress": step})
        tell("notifications/tools/list_changed")
        said({})
    """)
    told, steps = [], []
    transport.told = told.append
    await ask(transport, "tools/call", {}, timeout_s=1, progress=steps.append)
    assert [one.params["progress"] for one in steps] == [0, 1, 2, 3]
    assert [one.method for one in told] == ["notifications/tools/list_changed"]
    await transport.close()


async def test_a_server_that_asks_us_is_answered():
    transport = way("""
        if method == "x":
            asked = message
            write('{"jsonrpc": "2.0", "id": "q", "method": "ping"}\\n')
        else:
            answer = message; message = asked; said(answer)
    """)
    assert await ask(transport, "x", {}, timeout_s=5) == {"jsonrpc": "2.0", "id": "q", "result": {}}
    await transport.close()


async def test_who_no_longer_waits_says_so():
    transport = way("""
        if method == "notifications/cancelled": cancelled.append(params["requestId"])
        elif method == "first": cancelled = []; said({})
        elif method == "told": said({"cancelled": cancelled})
    """)
    await ask(transport, "first", {}, timeout_s=5)
    with pytest.raises(SilentError):
        await ask(transport, "wait", {}, timeout_s=0.1)
    task = asyncio.create_task(ask(transport, "wait", {}, timeout_s=5))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await ask(transport, "told", {}, timeout_s=5) == {"cancelled": [2, 3]}
    await transport.close()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("sys.exit(3)", "ended with status 3"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "ended by signal 9"),
        ("write('x' * 50_000)", "more than 4000 bytes"),
        ("while True: tell('notifications/message')", "more than 50 messages a second"),
        ("os.close(1); time.sleep(60)", "says no more"),
    ],
)
async def test_a_program_that_fails_is_ended_and_told(lines, told, monkeypatch):
    monkeypatch.setattr(stdio, "LONGEST", 4000)
    transport = way(lines)
    with pytest.raises(McpError, match=told):
        await ask(transport, "tools/list", {}, timeout_s=20)
    with pytest.raises(McpError, match=told):
        await transport.listen(stream=False)
    with pytest.raises(McpError, match=told):
        await ask(transport, "tools/list", {}, timeout_s=20)
    await transport.close()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("/nowhere/server",), "cannot be started .No such file or directory.: check mcp.files.command"),
        (("/etc/passwd",), "cannot be started .Permission denied."),
        (("a\0b",), "cannot be started .its command cannot be run."),
    ],
)
async def test_what_is_no_program_is_told(words, told):
    transport = StdioTransport("files", McpSettings(command=words), PATH)
    with pytest.raises(McpError, match=told):
        await ask(transport, "tools/list", {}, timeout_s=5)
    await transport.close()


async def test_a_program_is_ended_with_all_that_it_has_started():
    transport = way("""
        stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(999)"
        child = subprocess.Popen([sys.executable, "-S", "-c", stubborn])
        said({"pids": [os.getpid(), child.pid], "session": os.getsid(0)})
    """)
    found = await ask(transport, "x", {}, timeout_s=5)
    assert found["session"] == found["pids"][0] != os.getsid(0)
    await transport.close()
    await until(lambda: not any(map(lives, found["pids"])))


async def test_one_that_will_not_end_is_killed():
    transport = way("""
        signal.signal(signal.SIGTERM, signal.SIG_IGN); said({"pid": os.getpid()})
        while True: time.sleep(9)
    """)
    pid = (await ask(transport, "x", {}, timeout_s=5))["pid"]
    began = time.monotonic()
    await transport.close()
    assert time.monotonic() - began < 4
    await until(lambda: not lives(pid))


async def test_one_that_does_not_read_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(stdio, "MOST_UNSENT", 1000)
    transport = way("""
        said({}); time.sleep(30)
    """)
    await ask(transport, "x", {}, timeout_s=5)
    large = {"text": "x" * 500_000}
    with pytest.raises(SilentError):
        await ask(transport, "x", large, timeout_s=0.3)
    with pytest.raises(McpError, match="does not read"):
        await ask(transport, "x", large, timeout_s=5)
    await transport.close()


async def test_it_waits_behind_us_and_goes_first(monkeypatch):
    transport = way("""
        import resource
        time.sleep(0.5)
        said({"nice": os.nice(0), "oom": int(open("/proc/self/oom_score_adj").read()),
              "priority": resource.getrlimit(resource.RLIMIT_RTPRIO)[1]})
    """)
    found = await ask(transport, "x", {}, timeout_s=5)
    assert found["nice"] >= stdio.NICE
    assert found["oom"] == stdio.EXPENDABLE
    assert found["priority"] == 0
    await transport.close()


async def test_what_it_says_of_itself_is_in_the_log_but_no_flood_of_it(caplog):
    caplog.set_level("INFO")
    transport = way("""
        for n in range(5000): sys.stderr.write("line %d \\x1b[31m%s\\n" % (n, "x" * 2000))
        sys.stderr.flush(); said({})
    """)
    await ask(transport, "x", {}, timeout_s=10)
    await until(lambda: "says more" in caplog.text)
    await transport.close()
    lines = [one.message for one in caplog.records if one.name == "device.mcp.stdio"]
    assert len(lines) == stdio.LINES + 1
    assert lines[0].startswith("mcp.files: line 0 \\u001b[31mxxx")
    assert max(map(len, lines)) < 330


async def test_what_it_was_asked_is_not_in_the_log(caplog):
    caplog.set_level("INFO")
    transport = way('sys.stderr.write("got %s\\n" % params); sys.stderr.flush(); said({})')
    await ask(transport, "tools/list", {}, timeout_s=10)
    await until(lambda: "mcp.files: got" in caplog.text)
    await ask(transport, "tools/call", {"name": "find", "arguments": {"text": "my secret"}}, timeout_s=10)
    await asyncio.sleep(0.2)
    await transport.close()
    assert "my secret" not in caplog.text


async def test_a_daemon_that_is_killed_leaves_no_program_waiting():
    """Its input ends, which ends every program that reads it."""
    transport = way('said({"pid": os.getpid()})')
    pid = (await ask(transport, "x", {}, timeout_s=5))["pid"]
    process = transport._process  # noqa: SLF001 - what a death would close
    process.stdin.transport.abort()
    await until(lambda: not lives(pid))
    await transport.close()
    assert signal.SIGTERM
