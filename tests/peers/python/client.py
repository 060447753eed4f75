"""A scripted MCP client made with the Python SDK `mcp`: one session, one JSON line per step on standard output.

    client.py URL [--expect direct|gated] [--server python|everything] [--mode legacy|auto|2026-07-28]
                  [--ledger FILE] [--refusal-code CODE]

`--expect direct` speaks to a bare server: the unlisted tool is listed, runs and leaves its line in the ledger.
`--expect gated` speaks through the agent: the unlisted tool is missing from the listing, a call of it gets the
documented refusal and the ledger never names it. Everything else must look the same on both ways.

The exit code is 0 when every step did what was expected, 1 otherwise.
"""

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

BIG_BYTES = 4 * 1024 * 1024
# The SDK gives up on an event of more than 1 MiB unless told otherwise; one step asks for 4 MiB.
MAX_EVENT_BYTES = 16 * 1024 * 1024
# JSON-RPC 2.0, section 5.1, reserves this range; a refusal of the agent's own must lie outside.
RESERVED_CODES = range(-32768, -31999)


class Unexpected(Exception):
    """A step saw something other than what it expects."""


@dataclass
class Exchanges:
    """What went over HTTP, as far as the session is concerned."""

    session: str | None = None
    ended_with: int | None = None

    async def saw(self, response: httpx2.Response) -> None:
        """Notes the session that a server opened and how it answered the end of it."""
        self.session = response.headers.get("mcp-session-id", self.session)
        if response.request.method == "DELETE":
            self.ended_with = response.status_code


@dataclass
class Asked:
    """What the caller asked for on the command line."""

    url: str
    gated: bool
    server: str
    mode: str
    ledger: Path | None
    refusal_code: int | None
    exchanges: Exchanges = field(default_factory=Exchanges)


def expect(holds: bool, what: str) -> None:
    """Ends the step unless `holds`."""
    if not holds:
        raise Unexpected(what)


def text_of(result) -> str:
    """The text of a result's first content block."""
    expect(bool(result.content), "the result has no content")
    return result.content[0].text


async def initialize(client: Client, asked: Asked) -> dict:
    """The handshake is done when this runs; it must have agreed on a version, and on a session where there are any."""
    expect(bool(client.protocol_version), "no protocol version was agreed on")
    if asked.mode == "legacy":
        expect(asked.exchanges.session is not None, "the server opened no session")
    return {"protocol": client.protocol_version, "server": client.server_info and client.server_info.name}


async def list_tools(client: Client, asked: Asked) -> dict:
    """The listing names what may be called, and through the agent nothing else."""
    names = sorted(tool.name for tool in (await client.list_tools()).tools)
    expect("echo" in names, f"`echo` is not listed: {names}")
    expect(("secret" in names) != asked.gated, f"`secret` is listed against expectation: {names}")
    expect(not asked.gated or "echo_evil" not in names, f"`echo_evil` is listed: {names}")
    return {"tools": names}


async def call_allowed(client: Client, asked: Asked) -> dict:
    """A listed tool runs, and text beyond ASCII comes back as it was sent."""
    sent = "grüße, 世界 \U0001f3f0 \"quoted\" \\ \n"
    text = text_of(await client.call_tool("echo", {"message": sent}))
    expect(text == f"Echo: {sent}", f"got {text!r}")
    return {}


async def structured(client: Client, asked: Asked) -> dict:
    """Structured output arrives as structure."""
    if asked.server == "everything":
        result = await client.call_tool("get-structured-content", {"location": "Chicago"})
        wanted = {"temperature": 36, "conditions": "Light rain / drizzle", "humidity": 82}
    else:
        result = await client.call_tool("add", {"a": 2, "b": 40})
        wanted = {"sum": 42, "operands": [2, 40]}
    expect(result.structured_content == wanted, f"got {result.structured_content!r}")
    return {"structured": result.structured_content}


async def progress(client: Client, asked: Asked) -> dict:
    """Every progress notification arrives, in order, before the answer."""
    seen: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)

    if asked.server == "everything":
        tool, arguments = "trigger-long-running-operation", {"duration": 0.3, "steps": 5}
    else:
        tool, arguments = "slow_progress", {"steps": 5}
    result = await client.call_tool(tool, arguments, progress_callback=note)
    expect(not result.is_error, "the call failed")
    expect(seen == [1, 2, 3, 4, 5], f"progress seen: {seen}")
    return {"progress": seen}


async def big(client: Client, asked: Asked) -> dict:
    """An answer of 4 MiB arrives whole."""
    text = text_of(await client.call_tool("big", {}))
    expect(text == "x" * BIG_BYTES, f"{len(text)} characters arrived")
    return {"characters": len(text)}


async def error_answer(client: Client, asked: Asked) -> dict:
    """An error result of a tool is an answer like any other."""
    result = await client.call_tool("fail", {})
    expect(bool(result.is_error), "the answer is not marked as an error")
    expect("as it was asked to" in text_of(result), f"got {text_of(result)!r}")
    return {"text": text_of(result)}


async def exception(client: Client, asked: Asked) -> dict:
    """A tool that breaks ends its own call and nothing else."""
    result = await client.call_tool("boom", {})
    expect(bool(result.is_error), "the answer is not marked as an error")
    text = text_of(await client.call_tool("echo", {"message": "still here"}))
    expect(text == "Echo: still here", f"got {text!r}")
    return {}


async def unlisted(client: Client, asked: Asked) -> dict:
    """A tool the policy does not list: runs on a bare server, never through the agent."""
    if not asked.gated:
        text = text_of(await client.call_tool("secret", {}))
        expect(text == "the secret", f"got {text!r}")
        return {"ran": True}
    try:
        result = await client.call_tool("secret", {})
    except MCPError as refusal:
        return check_refusal(refusal, asked)
    raise Unexpected(f"the call was answered: {result!r}")


def check_refusal(refusal: MCPError, asked: Asked) -> dict:
    """The refusal is the documented one: a fixed code, and `data` with a correlation id and whether to try again."""
    expect(refusal.code not in RESERVED_CODES, f"code {refusal.code} is reserved by JSON-RPC")
    if asked.refusal_code is not None:
        expect(refusal.code == asked.refusal_code, f"code {refusal.code}")
    data = refusal.data if isinstance(refusal.data, dict) else {}
    expect(sorted(data) == ["correlation_id", "retryable"], f"data {refusal.data!r}")
    expect(isinstance(data["correlation_id"], str) and data["correlation_id"] != "", "no correlation id")
    expect(isinstance(data["retryable"], bool), "`retryable` is not a boolean")
    expect("secret" not in refusal.message, "the refusal repeats the name of the tool")
    return {"code": refusal.code, "message": refusal.message}


STEPS = {
    "python": [initialize, list_tools, call_allowed, structured, progress, big, error_answer, exception, unlisted],
    "everything": [initialize, list_tools, call_allowed, structured, progress, unlisted],
}


def end_session(asked: Asked) -> dict:
    """The end of the session was asked for and granted."""
    if asked.mode == "legacy":
        expect(asked.exchanges.ended_with in (200, 202, 204), f"status {asked.exchanges.ended_with}")
    return {"status": asked.exchanges.ended_with}


def ledger(asked: Asked) -> dict:
    """What ran, by the server's own record."""
    ran = [json.loads(line)["tool"] for line in asked.ledger.read_text(encoding="utf-8").splitlines()]
    expect("echo" in ran, "the server recorded no call of `echo`: is this its ledger?")
    expect(("secret" in ran) != asked.gated, f"the server recorded {ran}")
    return {"ran": ran}


class Script:
    """Runs steps and prints one line for each."""

    def __init__(self) -> None:
        self.failed = False

    def report(self, step: str, problem: str | None, seen: dict) -> None:
        """One line: the step, whether it held, and what was seen or what was wrong."""
        self.failed = self.failed or problem is not None
        line = {"step": step, "ok": problem is None, **seen}
        if problem is not None:
            line["problem"] = problem
        print(json.dumps(line), flush=True)

    async def take(self, step, client: Client, asked: Asked) -> None:
        """Runs one step against the server."""
        try:
            self.report(step.__name__, None, await step(client, asked))
        except (Unexpected, MCPError) as problem:
            self.report(step.__name__, repr(problem), {})

    def look(self, step, asked: Asked) -> None:
        """Runs one step that needs no connection."""
        try:
            self.report(step.__name__, None, step(asked))
        except Unexpected as problem:
            self.report(step.__name__, repr(problem), {})


async def play(asked: Asked) -> bool:
    """Plays the script; true when every step held."""
    script = Script()
    async with create_mcp_http_client() as http:
        http.event_hooks["response"].append(asked.exchanges.saw)
        transport = streamable_http_client(asked.url, http_client=http, max_sse_event_size=MAX_EVENT_BYTES)
        async with Client(transport, mode=asked.mode, cache=None, read_timeout_seconds=60) as client:
            for step in STEPS[asked.server]:
                await script.take(step, client, asked)
    script.look(end_session, asked)
    if asked.ledger is not None:
        script.look(ledger, asked)
    return not script.failed


def options() -> Asked:
    """What the caller asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--expect", choices=["direct", "gated"], default="direct")
    parser.add_argument("--server", choices=sorted(STEPS), default="python")
    parser.add_argument("--mode", choices=["legacy", "auto", "2026-07-28"], default="legacy")
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--refusal-code", type=int)
    asked = parser.parse_args()
    return Asked(asked.url, asked.expect == "gated", asked.server, asked.mode, asked.ledger, asked.refusal_code)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(play(options())) else 1)
