"""A private MCP server made with the Python SDK `mcp`, on loopback, for the end-to-end tests.

    server.py --ledger FILE [--port PORT] [--tls CERT KEY CLIENT_CA] [--stop-after SECONDS]

Prints `LISTENING port` once it accepts connections (port 0 takes a free one). With `--tls` it demands a client
certificate that CLIENT_CA signed. It stops by itself after a while: a test that was killed leaves nothing behind.

Every tool that runs leaves one JSON line in the ledger before it does anything else: the tool, its arguments and the
unusual headers that came with the call. What is not in the ledger did not run. `secret` and `echo_evil` are there to be
run by nobody: a test fails when the ledger names them.
"""

import argparse
import asyncio
import functools
import json
import socket
import ssl
from pathlib import Path

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

BIG_BYTES = 4 * 1024 * 1024


class Sum(BaseModel):
    """The structured answer of `add`."""

    sum: int
    operands: list[int]


class Ledger:
    """What ran, one JSON line each, on disk before the tool begins."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.touch()

    def write(self, tool: str, arguments: dict, headers: dict) -> None:
        """Appends one line. Headers are kept only when they begin with `x-`, which no client here sends by itself."""
        unusual = {name: value for name, value in headers.items() if name.startswith("x-")}
        with self.path.open("a", encoding="utf-8") as lines:
            print(json.dumps({"tool": tool, "arguments": arguments, "headers": unusual}), file=lines)


def recorded(ledger: Ledger):
    """Makes a tool write itself into the ledger before its first line runs."""

    def wrap(tool):
        @functools.wraps(tool)
        async def run(ctx: Context, **arguments):
            request = ctx.request_context.request
            ledger.write(tool.__name__, arguments, dict(request.headers) if request else {})
            return await tool(ctx=ctx, **arguments)

        return run

    return wrap


def build(ledger: Ledger) -> MCPServer:
    """The server with its tools, one resource template and one prompt."""
    server = MCPServer("portcullis-test-server", version="1.0.0", log_level="CRITICAL")
    add_honest_tools(server, recorded(ledger))
    add_bait(server, recorded(ledger))
    add_other_doors(server, ledger)
    return server


def add_honest_tools(server: MCPServer, record) -> None:
    """The tools that a policy in the tests lists."""

    @server.tool()
    @record
    async def echo(ctx: Context, message: str) -> str:
        """Returns the message."""
        return f"Echo: {message}"

    @server.tool()
    @record
    async def add(ctx: Context, a: int, b: int) -> Sum:
        """Adds two integers; the answer is structured."""
        return Sum(sum=a + b, operands=[a, b])

    @server.tool()
    @record
    async def slow_progress(ctx: Context, steps: int) -> str:
        """Sends `steps` progress notifications, then answers."""
        for step in range(1, steps + 1):
            await ctx.report_progress(step, steps, f"step {step}")
        return f"{steps} steps"

    @server.tool(structured_output=False)
    @record
    async def big(ctx: Context) -> str:
        """Answers with 4 MiB of text."""
        return "x" * BIG_BYTES

    @server.tool()
    @record
    async def fail(ctx: Context) -> str:
        """Answers with an error result that explains itself."""
        raise ToolError("the tool refused, as it was asked to")

    @server.tool()
    @record
    async def boom(ctx: Context) -> str:
        """Breaks with an exception nobody expected."""
        raise RuntimeError("boom")


def add_bait(server: MCPServer, record) -> None:
    """The tools that no policy in the tests lists."""

    @server.tool()
    @record
    async def secret(ctx: Context) -> str:
        """Must never run through the agent."""
        return "the secret"

    @server.tool()
    @record
    async def echo_evil(ctx: Context) -> str:
        """Shares a prefix with a listed tool (B3); must never run through the agent."""
        return "evil"


def add_other_doors(server: MCPServer, ledger: Ledger) -> None:
    """Ways to content that are not tools (B5), under the names the everything server uses for its own."""

    @server.resource("demo://resource/dynamic/text/{number}")
    async def text(number: str) -> str:
        """A text resource."""
        ledger.write("resources/read", {"number": number}, {})
        return f"resource {number}"

    @server.prompt(name="simple-prompt")
    async def simple() -> str:
        """A prompt without arguments."""
        ledger.write("prompts/get", {}, {})
        return "a prompt"


class Announced(uvicorn.Server):
    """Says on standard output that connections are accepted, and stops by itself after some seconds."""

    def __init__(self, config: uvicorn.Config, stop_after: float) -> None:
        super().__init__(config)
        self.stop_after = stop_after

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts serving, then prints the port."""
        await super().startup(sockets)
        asyncio.get_running_loop().call_later(self.stop_after, setattr, self, "should_exit", True)
        print(f"LISTENING {sockets[0].getsockname()[1]}", flush=True)


def options() -> argparse.Namespace:
    """What the caller asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--stop-after", type=float, default=900, metavar="SECONDS")
    parser.add_argument("--tls", nargs=3, metavar=("CERT", "KEY", "CLIENT_CA"))
    return parser.parse_args()


def tls_settings(files: list[str] | None) -> dict:
    """Settings of uvicorn for a server that demands a client certificate, or none."""
    if files is None:
        return {}
    cert, key, client_ca = files
    return {
        "ssl_certfile": cert,
        "ssl_keyfile": key,
        "ssl_ca_certs": client_ca,
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
    }


def main() -> None:
    """Serves until it is told to stop."""
    asked = options()
    listener = socket.create_server(("127.0.0.1", asked.port))
    app = build(Ledger(asked.ledger)).streamable_http_app(host="127.0.0.1")
    config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1, **tls_settings(asked.tls))
    asyncio.run(Announced(config, asked.stop_after).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
