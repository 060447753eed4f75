"""The real agent between peers that are not ours: a control plane in Python, an MCP server made with Python `mcp`, mTLS on both sides.

    DIR/python/bin/python tests/peers/end_to_end.py AGENT DIR [NAME ...]

AGENT is the binary, built with the demo; DIR is where install.sh put the peers. Every vector of vectors.json goes through queue, poll, policy and forwarding beside its allowed neighbour: nothing
that the policy does not list may run on the server, every neighbour must, and the wire contract must hold throughout. Then the SDK
clients talk to the SDK servers through `demo --serve`.
"""

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import vectors
from bare import INITIALIZE, PROTOCOL
import first_steps
import selftest
import weak_tls
from throwaway_pki import Authority

HERE = Path(__file__).resolve().parent
TUNNEL = "tunnel_0123456789abcdef0123456789abcdef"
API_KEY = "e2e-key-canary"
BEARER = "caller-bearer-canary"
PATIENCE_SECONDS = 120
PER_POLL = 10
POLICY = """schema = 1
name = "end-to-end"

[[server]]
channel = "main"
tools = ["echo", "add", "slow_progress", "big", "fail", "boom"]
"""
agent_binary = ""


def rust_server() -> Path:
    """The server made with the Rust SDK: cargo builds it with the tests, beside the agent."""
    return Path(agent_binary).resolve().parent / "examples/rust_sdk_server"


class World:
    """A directory with certificates and a policy, and the MCP server: the Python one over mutual TLS, the everything server or the Rust one on loopback."""

    def __init__(self, directory: Path, kind: str) -> None:
        self.directory, self.kind = directory, kind
        self.control, self.internal = Authority(directory, "control"), Authority(directory, "internal")
        self.ledger = directory / "ledger"
        self.ledger.touch()
        (directory / "policy.toml").write_text(POLICY, encoding="utf-8")
        self.agent_mcp = self.internal.client("agent-mcp")
        self.agent_control = self.control.client("agent-control")
        self.server = subprocess.Popen([str(part) for part in self.command()], stdout=subprocess.PIPE, text=True)
        self.port = int(self.server.stdout.readline().split()[1])

    def command(self) -> list:
        """How the server is started."""
        common = ["--ledger", self.ledger, "--stop-after", str(PATIENCE_SECONDS)]
        if self.kind == "everything":
            return ["node", HERE / "node/everything.mjs", "--modules", selftest.installed / "node", *common]
        if self.kind == "rust":
            return [rust_server(), *common]
        cert, key = self.internal.server("mcp")
        return [sys.executable, HERE / "python/server.py", *common, "--tls", cert, key, self.internal.file]

    def connection(self) -> http.client.HTTPConnection:
        """A connection to the server, past the agent."""
        if self.kind != "python":
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        tls = ssl.create_default_context(cafile=str(self.internal.file))
        tls.load_cert_chain(*(str(path) for path in self.agent_mcp))
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=tls, timeout=15)

    def upstream(self) -> dict:
        """The flags that lead the agent to the server."""
        if self.kind != "python":
            return {"mcp.server-url": f"http://127.0.0.1:{self.port}/mcp"}
        cert, key = self.agent_mcp
        return {"mcp.server-url": f"https://127.0.0.1:{self.port}/mcp", "mcp.client-cert": cert, "mcp.client-key": key}

    def stop(self) -> None:
        """Ends the server."""
        self.server.terminate()
        self.server.wait(10)
        self.server.stdout.close()

    def session(self) -> str:
        """Opens a session on the server, past the agent."""
        connection = self.connection()
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        connection.request("POST", "/mcp", json.dumps(INITIALIZE), headers)
        response = connection.getresponse()
        session = response.headers["Mcp-Session-Id"]
        response.read()
        headers |= {"Mcp-Session-Id": session, "Mcp-Protocol-Version": PROTOCOL}
        connection.request("POST", "/mcp", json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}), headers)
        connection.getresponse().read()
        connection.close()
        return session

    def ran(self) -> list[str]:
        """The tools that ran, in order."""
        return [json.loads(line)["tool"] for line in self.ledger.read_text(encoding="utf-8").splitlines()]

    def play(self, steps: list) -> tuple[dict, str, int]:
        """Plays steps through the agent; gives the control plane's report, the agent's log and its exit code."""
        script = {"tunnel_id": TUNNEL, "api_key": API_KEY, "hold_ms": 50, "stop_after_s": PATIENCE_SECONDS // 4, "steps": steps}
        files = {name: self.directory / name for name in ("script", "report", "ready-file")}
        files["ready-file"].unlink(missing_ok=True)
        files["script"].write_text(json.dumps(script), encoding="utf-8")
        cert, key = self.control.server("control-plane")
        arguments = [text for name, file in files.items() for text in (f"--{name}", str(file))]
        arguments += ["--ca", str(self.control.file), "--cert", str(cert), "--key", str(key)]
        plane = subprocess.Popen([sys.executable, str(HERE / "control_plane.py"), *arguments])
        while not files["ready-file"].exists() and plane.poll() is None:
            signal.sigtimedwait([], 0.01)
        log = self.directory / "agent.log"
        with log.open("w", encoding="utf-8") as sink:
            agent = self.agent(files["ready-file"].read_text(encoding="utf-8").strip(), sink)
            try:
                plane.wait(PATIENCE_SECONDS)
            finally:
                agent.send_signal(signal.SIGTERM)
                code = agent.wait(60)
        return json.loads(files["report"].read_text(encoding="utf-8")), log.read_text(encoding="utf-8"), code

    def agent(self, url: str, log: object) -> subprocess.Popen:
        """Starts the agent as an operator would."""
        flags = {
            "control-plane.base-url": url,
            "control-plane.tunnel-id": TUNNEL,
            "control-plane.api-key": "env:E2E_KEY",
            "control-plane.client-cert": self.agent_control[0],
            "control-plane.client-key": self.agent_control[1],
            "control-plane.poll-timeout": "2s",
            "ca-bundle": self.both_roots(),
            "trust.mode": "replace",
            **self.upstream(),
            "policy.file": self.directory / "policy.toml",
            "shutdown.drain-timeout": "20s",
            "state.dir": self.directory / "state",
            "health.listen-addr": "127.0.0.1:0",
        }
        arguments = [text for name, value in flags.items() for text in (f"--{name}", str(value))]
        environment = {"E2E_KEY": API_KEY, "PATH": os.environ["PATH"]}
        return subprocess.Popen([agent_binary, "run", *arguments], env=environment, stderr=log)

    def both_roots(self) -> Path:
        """One bundle with the roots of both sides."""
        bundle = self.directory / "roots.pem"
        bundle.write_bytes(self.control.file.read_bytes() + self.internal.file.read_bytes())
        return bundle


class Vectors(unittest.TestCase):
    """vectors.json through the whole path, to the Python server."""

    KIND = "python"

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.world = World(Path(directory.name), self.KIND)
        self.addCleanup(self.world.stop)
        session = self.world.session()
        self.headers = {"Mcp-Session-Id": [session], "Mcp-Protocol-Version": [PROTOCOL], "Authorization": [f"Bearer {BEARER}"]}

    def delivered(self, kind: str, name: str, **more: object) -> dict:
        """One command with a vector or its neighbour."""
        request_id = f"{kind}-{name}".replace("/", "-")
        row = next(row for row in vectors.load() if row["name"] == name)
        own = {header.lower() for header, _ in vectors.shot(row if kind == "vector" else row["neighbour"]).headers}
        headers = {header: values for header, values in self.headers.items() if header.lower() not in own}
        return {kind: name, "request_id": request_id, "shard_token": f"token-{request_id}", "headers": headers} | more

    def check(self, report: dict, log: str, code: int) -> None:
        """The contract held, the agent stopped in good order, and no secret was printed."""
        self.assertEqual((report["breaches"], report["missing"], report["undelivered_steps"]), ([], [], 0), log[-4000:])
        self.assertEqual(code, 0, log[-4000:])
        for canary in (API_KEY, BEARER, "token-vector", self.headers["Mcp-Session-Id"][0]):
            self.assertNotIn(canary, log, "the log holds a secret")

    def test_nothing_unlisted_runs_and_every_neighbour_does(self) -> None:
        """A1 to A22, B1 to B14 and the D, E and F rows that are a message: refused beside an allowed neighbour that runs."""
        rows = [row for row in vectors.load() if "poll" not in row]
        commands = []
        for row in rows:
            silent = {"expect": []} if "address" in row else {}
            commands.append(self.delivered("vector", row["name"], **silent))
            commands.append(self.delivered("neighbour", row["name"]))
        steps = [{"deliver": commands[at : at + PER_POLL]} for at in range(0, len(commands), PER_POLL)]
        report, log, code = self.world.play(steps)
        self.check(report, log, code)
        posts = {post["request_id"]: post | {"resp_json": json.loads(post["resp_json"] or "null") or {}} for post in report["posts"]}
        for row in rows:
            with self.subTest(row["name"]):
                self.judge(row, posts)
        self.assertEqual({tool for tool in self.world.ran() if tool in ("secret", "echo_evil")}, set())
        allowed = sum(row["neighbour"].get("proof") == "ran:echo" for row in rows)
        allowed += sum(row["verdict"] == "allow" and row.get("proof") == "ran:echo" for row in rows)
        self.assertEqual(self.world.ran().count("echo"), allowed, "each allowed call runs once, and no other")

    def judge(self, row: dict, posts: dict) -> None:
        """One vector and its neighbour, by what was posted."""
        neighbour = posts[f"neighbour-{row['name']}".replace("/", "-")]
        self.assertNotIn("error", neighbour["resp_json"], neighbour)
        if "address" in row:
            return
        answer = posts[f"vector-{row['name']}".replace("/", "-")]
        refused = "error" in answer["resp_json"] or answer["resp_type"] == "notify_ack"
        self.assertEqual(refused, row["verdict"] == "deny", answer)
        fixed = row.get("refusal", {})
        if "code" in fixed:
            self.assertEqual(answer["resp_json"]["error"]["code"], fixed["code"], answer)
        if "status" in fixed:
            self.assertEqual(int(answer["resp_code"]), fixed["status"], answer)

    def test_a_lost_batch_loses_nothing_else(self) -> None:
        """Bytes that break the poll body's own structure (A7 to A9): nothing runs, and the next batch does."""
        rows = [row for row in vectors.load() if "poll" in row]
        steps = []
        for row in rows:
            steps.append({"deliver": [self.delivered("vector", row["name"], expect=[])]})
            steps.append({"deliver": [self.delivered("neighbour", row["name"])]})
        report, log, code = self.world.play(steps)
        self.assertEqual((report["missing"], report["undelivered_steps"], code), ([], 0, 0), log[-4000:])
        for breach in report["breaches"]:
            self.assertIn("vector-", json.dumps(breach), breach)
        self.assertEqual(set(self.world.ran()), {"echo"})
        self.assertEqual(self.world.ran().count("echo"), sum(row["neighbour"]["proof"] == "ran:echo" for row in rows))


class VectorsToEverything(Vectors):
    """The same to the everything server, made with the TypeScript SDK, which takes more of them for good."""

    KIND = "everything"


class VectorsToRust(Vectors):
    """The same to the server made with the Rust SDK."""

    KIND = "rust"

    def test_without_the_agent(self) -> None:
        """Each vector is live or inert on the bare server as recorded, and each neighbour passes."""
        url = f"http://127.0.0.1:{self.world.port}/mcp"
        code, lines = selftest.played(sys.executable, HERE / "bare.py", "--server", "rust", "--url", url, "--ledger", self.world.ledger)
        self.assertEqual(([line for line in lines if not line["ok"]], code), ([], 0))
        self.assertGreater(len(lines), 150)


class Serve:
    """`demo --serve` in front of a server: an endpoint whose requests travel through queue, poll, agent and back."""

    def __init__(self, upstream: str, tools: list[str], log: Path, policy: Path | None = None) -> None:
        self.arguments = [agent_binary, "demo", "--serve", "--upstream", upstream]
        self.arguments += [text for tool in tools for text in ("--allow-tool", tool)]
        self.arguments += ["--policy", str(policy)] if policy else []
        self.log = log

    def __enter__(self) -> "Serve":
        self.sink = self.log.open("w", encoding="utf-8")
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.PIPE, stderr=self.sink, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.code = self.process.wait(60)
        self.process.stdout.close()
        self.sink.close()


class Clients(selftest.Sdks):
    """The clients of the self-test again, now through the agent: what is listed works, what is not is refused and hidden."""

    PYTHON = ["echo", "add", "slow_progress", "big", "fail", "boom"]
    EVERYTHING = ["echo", "get-structured-content", "trigger-long-running-operation"]

    def through(self, served: object, tools: list[str]) -> Serve:
        """An agent in front of a server of this test."""
        return self.enterContext(Serve(served.url, tools, Path(self.directory) / "serve.log"))

    def clients(self, server: str, tools: list[str], *rounds: tuple[str, ...]) -> None:
        """Every round of the Python client, then the TypeScript client, each through the agent."""
        served = self.served(server)
        gate = self.through(served, tools)
        gated = ("--expect", "gated", "--server", server, "--refusal-code=-31403")
        for more in rounds:
            with self.subTest(client="python", more=more):
                asked = (sys.executable, HERE / "python/client.py", gate.url, "--ledger", served.ledger, *gated, *more)
                self.held(selftest.played(*asked), gate)
        with self.subTest(client="node"):
            asked = ("node", HERE / "node/client.mjs", "--modules", selftest.installed / "node", *gated, gate.url)
            self.held(selftest.played(*asked), gate)

    def held(self, outcome: tuple[int, list[dict]], gate: Serve) -> None:
        """Every step held."""
        code, lines = outcome
        log = gate.log.read_text(encoding="utf-8")[-3000:]
        self.assertEqual(([line for line in lines if not line["ok"]], code), ([], 0), log)
        self.assertTrue(lines)

    def test_python_server(self) -> None:
        """Both eras: list, allowed, refused, structured, progress, 4 MiB, error, session start and end."""
        self.clients("python", self.PYTHON, ("--mode", "legacy"), ("--mode", "auto"), ("--mode", "2026-07-28"))

    def test_everything_server(self) -> None:
        """The everything server, whose tools are many and of which three are allowed."""
        self.clients("everything", self.EVERYTHING, ("--mode", "legacy"))

    test_expectations_can_fail = None
    test_server_demands_a_certificate = None


if __name__ == "__main__":
    agent_binary = sys.argv.pop(1)
    selftest.installed = Path(sys.argv.pop(1)).resolve()
    FirstSteps = first_steps.under(agent_binary, Serve)
    WeakServers = weak_tls.under(agent_binary)
    unittest.main(
        defaultTest=["Vectors", "VectorsToEverything", "VectorsToRust", "Clients", "FirstSteps", "WeakServers"]
    )
