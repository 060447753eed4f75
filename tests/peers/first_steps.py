"""The first steps of docs/policy.md, run as they are written there, against the everything server; then the agent runs under the policy they made.

Two things differ from the page: the server is the installed one, kept on loopback (node/everything.mjs), and so its port.
"""

import http.client
import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path
from urllib.parse import urlsplit

import selftest
from bare import INITIALIZE, PROTOCOL

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs" / "policy.md"
URL = "http://127.0.0.1:3001/mcp"


def blocks() -> dict[str, list[str]]:
    """The blocks of the section, by their language."""
    section = PAGE.read_text(encoding="utf-8").split("## First steps\n")[1].split("\n## The whole language\n")[0]
    found: dict[str, list[str]] = {}
    for language, text in re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL):
        found.setdefault(language, []).append(text)
    return found


class Session:
    """A session through the agent."""

    def __init__(self, url: str) -> None:
        self.at = urlsplit(url)
        self.headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        self.ask(INITIALIZE)
        self.headers["Mcp-Protocol-Version"] = PROTOCOL
        self.ask({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def ask(self, message: dict) -> dict:
        """One message and its answer."""
        connection = http.client.HTTPConnection(self.at.hostname, self.at.port, timeout=60)
        connection.request("POST", self.at.path, json.dumps(message), self.headers)
        response = connection.getresponse()
        if response.headers["Mcp-Session-Id"]:
            self.headers["Mcp-Session-Id"] = response.headers["Mcp-Session-Id"]
        text = response.read().decode()
        connection.close()
        events = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
        return json.loads(events[-1] if events else text or "{}")

    def call(self, tool: str, arguments: dict) -> dict:
        """One call of a tool."""
        return self.ask({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})


def under(agent: str, serve: type) -> type:
    """The tests with this agent, which `serve` puts in front of a server."""

    class FirstSteps(unittest.TestCase):
        """The page is what happens."""

        def setUp(self) -> None:
            self.directory = Path(self.enterContext(tempfile.TemporaryDirectory()))
            command = ["node", HERE / "node/everything.mjs", "--modules", selftest.installed / "node"]
            command += ["--ledger", self.directory / "ledger", "--stop-after", "300"]
            server = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
            self.addCleanup(server.stdout.close)
            self.addCleanup(server.wait)
            self.addCleanup(server.terminate)
            self.url = URL.replace("3001", server.stdout.readline().split()[1])
            (self.directory / "portcullis").symlink_to(Path(agent).resolve())

        def run_step(self, step: str) -> str:
            """What one line of the page prints."""
            path = f"{self.directory}:{os.environ['PATH']}"
            line = step.replace(URL, self.url)
            done = subprocess.run(["sh", "-c", line], cwd=self.directory, env={"PATH": path}, capture_output=True, text=True, timeout=120)
            self.assertEqual((done.returncode, done.stderr), (0, ""), line)
            return done.stdout

        def test_five_commands_make_a_working_pinned_policy(self) -> None:
            """Each line does what the page says, and the agent works under the result."""
            page = blocks()
            start, *steps = page["sh"][0].splitlines()
            self.assertTrue(start.startswith("npx -y @modelcontextprotocol/server-everything streamableHttp"))
            self.assertEqual(len(steps), 4)
            printed = "".join(self.run_step(step) for step in steps)
            self.assertEqual(printed, page["text"][0])
            policy = self.directory / "policy.toml"
            written = "".join(line for line in policy.read_text(encoding="utf-8").splitlines(keepends=True) if not line.startswith("## What "))
            for block in page["toml"][0].split("\n\n"):
                self.assertIn(block.strip(), written, "the page shows another file")
            with serve(self.url, [], self.directory / "serve.log", policy=policy) as gate:
                self.work(Session(gate.url))

        def work(self, session: Session) -> None:
            """The reviewed tool is seen and called, and no other; its rule holds."""
            shown = session.ask({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})
            echoed = session.call("echo", {"message": "hello"})
            self.assertIn("hello", json.dumps(echoed["result"]), echoed)
            self.assertEqual([tool["name"] for tool in shown["result"]["tools"]], ["echo"])
            for tool, arguments in (("get-sum", {"a": 1, "b": 2}), ("echo", {"message": 7}), ("get-env", {})):
                self.assertEqual(session.call(tool, arguments)["error"]["code"], -31403, tool)
            ledger = (self.directory / "ledger").read_text(encoding="utf-8").splitlines()
            self.assertEqual([json.loads(line)["tool"] for line in ledger], ["echo"])

    return FirstSteps
