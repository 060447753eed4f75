"""Proves the peers without the agent: servers with clients, vectors with servers, the control plane with a fake agent.

    DIR/python/bin/python tests/peers/selftest.py DIR [unittest arguments]

DIR is where install.sh put the peers. A control plane that never complains proves nothing, so beside the agent that
keeps the contract there is one for each habit that breaks it, and each must be caught by the rule it breaks.
"""

import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bad_habits import BROKEN, habit, post_changed, two_polls
from fake_agent import FakeAgent
from throwaway_pki import Authority

HERE = Path(__file__).resolve().parent
TUNNEL = "tunnel_0123456789abcdef0123456789abcdef"
API_KEY = "test_key-canary"
TOKEN = "shard-canary"
PATIENCE_SECONDS = 120
installed = Path()


def call(request_id: str, **more: object) -> dict:
    """A command with a call in it, and what must come back."""
    message = {"jsonrpc": "2.0", "id": 7, "method": "tools/list"} | more.pop("message", {})
    own = {"request_id": request_id, "shard_token": TOKEN, "command_type": "jsonrpc", "channel": "main"}
    expect = [{"resp_type": "jsonrpc_response", "resp_code": 200, "resp_json": {"id": message["id"], "result": {}}}]
    return {"command": own | {"jsonrpc": message, "headers": {}} | more, "expect": more.pop("expect", expect)}


class Run:
    """One run of control_plane.py in a process of its own, against one agent in a thread."""

    def __init__(self, steps: list, post_faults: list | None = None) -> None:
        self.script = {"tunnel_id": TUNNEL, "api_key": API_KEY, "hold_ms": 20, "steps": steps}
        self.script["post_faults"] = post_faults or []

    def against(self, agent_class: type[FakeAgent], client: str | None = "client") -> dict:
        """Plays the script and returns the report, with the exit code in it."""
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            pki = Pki(directory)
            (directory / "script.json").write_text(json.dumps(self.script), encoding="utf-8")
            process = self.start(directory, pki)
            ready = directory / "ready"
            agent = Bounded(agent_class, ready, pki.trust(client), len(self.script["steps"]) + 4)
            agent.start(process)
            code = process.wait(PATIENCE_SECONDS)
            agent.thread.join(PATIENCE_SECONDS)
            text = (directory / "report.json").read_text(encoding="utf-8")
        for secret in (API_KEY, TOKEN):
            assert secret not in text, "the report holds a secret"
        return json.loads(text) | {"exit": code}

    def start(self, directory: Path, pki: "Pki") -> subprocess.Popen:
        """Starts the control plane."""
        cert, key = pki.ours.server("control-plane")
        files = {"script": "script.json", "report": "report.json", "ready-file": "ready"}
        arguments = [text for flag, file in files.items() for text in (f"--{flag}", str(directory / file))]
        arguments += ["--ca", str(pki.ours.file), "--cert", str(cert), "--key", str(key)]
        return subprocess.Popen([sys.executable, HERE / "control_plane.py", *arguments])


class Pki:
    """The authority everybody trusts here, and a stranger."""

    def __init__(self, directory: Path) -> None:
        self.ours = Authority(directory, "ours")
        self.stranger = Authority(directory, "stranger")

    def trust(self, client: str | None) -> ssl.SSLContext:
        """A client's settings with our certificate, a stranger's, or none."""
        settings = ssl.create_default_context(cafile=str(self.ours.file))
        if client is not None:
            authority = self.stranger if client == "stranger" else self.ours
            settings.load_cert_chain(*authority.client(client + "-client"))
        return settings


class Bounded:
    """Runs an agent for a number of polls, then stops the control plane if it is still waiting."""

    def __init__(self, agent_class: type[FakeAgent], ready: Path, tls: ssl.SSLContext, polls: int) -> None:
        self.agent_class, self.ready, self.tls, self.polls = agent_class, ready, tls, polls
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self, process: subprocess.Popen) -> None:
        """Starts the agent's thread."""
        self.process = process
        self.thread.start()

    def run(self) -> None:
        """Waits for the control plane, runs the agent against it, stops what is left."""
        while not self.ready.exists() and self.process.poll() is None:
            threading.Event().wait(0.01)
        agent = self.agent_class(self.ready.read_text().strip(), self.tls, TUNNEL, API_KEY)
        request, left = agent.request, self.polls

        def counted(method: str, *rest: object) -> tuple:
            nonlocal left
            left -= method == "GET"
            if left < 0:
                raise ConnectionRefusedError
            return request(method, *rest)

        agent.request = counted
        try:
            agent.run()
        except ConnectionRefusedError:
            return
        finally:
            self.process.send_signal(signal.SIGTERM)


class ControlPlane(unittest.TestCase):
    """control_plane.py against an agent that keeps the contract, and against those that do not."""

    def clean(self, report: dict) -> None:
        """The report has nothing to say."""
        self.assertEqual((report["breaches"], report["missing"], report["ok"], report["exit"]), ([], [], True, 0))

    def rules(self, report: dict) -> set:
        """The rules that were broken, and that the exit code says so."""
        self.assertEqual(report["exit"], 1)
        return {breach["rule"] for breach in report["breaches"]}

    def test_contract_kept(self) -> None:
        """A call, a notification, progress, a termination, an echoed request id, empty polls of both kinds."""
        token = {"params": {"_meta": {"progressToken": 1}}}
        progress = [{"resp_type": "jsonrpc_notify"}, {"resp_type": "jsonrpc_response"}]
        note = {"command": call("r5")["command"], "expect": [{"resp_type": "notify_ack"}]}
        note["command"]["jsonrpc"] = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        ending = {"request_id": "r4", "shard_token": TOKEN, "command_type": "session_termination"}
        steps = [
            {"answer": {"status": 204}},
            {"answer": {"status": 200}},
            {"deliver": [call("r1", headers={"X-Request-Id": ["c1", "c2"]})]},
            {"deliver": [call("r2", message=token, expect=progress)]},
            {"deliver": [call("r3", message={"id": "a\nb"})], "after": ["r1"]},
            {"deliver": [{"command": ending, "expect": [{"resp_type": "session_termination_response"}]}]},
            {"deliver": [note]},
        ]
        report = Run(steps).against(FakeAgent)
        self.clean(report)
        self.assertEqual(len(report["posts"]), 6)
        self.assertEqual(report["identities"], [["TLSv1.3", "client-client"]])

    def test_faults_survived(self) -> None:
        """401, 429 with Retry-After, 503, cut connections; posts that fail and are repeated."""
        steps = [
            {"answer": {"status": 401}},
            {"answer": {"status": 429, "retry_after": "1"}},
            {"answer": {"status": 503}},
            {"cut": "before"},
            {"cut": "body"},
            {"deliver": [call(name) for name in ("r1", "r2", "r3", "r4")]},
        ]
        faults = [
            {"request_id": "r1", "status": 503},
            {"request_id": "r1", "status": 429, "retry_after": "1"},
            {"request_id": "r2", "cut": "before"},
            {"request_id": "r3", "cut": "after"},
        ]
        report = Run(steps, faults).against(FakeAgent)
        self.clean(report)
        self.assertEqual(report["polls"][:3], [401, 429, 503])

    def test_vectors_travel(self) -> None:
        """A vector, its neighbour and raw text are delivered; a neighbour is answered like any call."""
        steps = [{"deliver": [{"neighbour": "A1/method", "expect": [{"resp_json": {"id": 1}}]}]}]
        self.clean(Run(steps).against(FakeAgent))
        steps = [{"deliver": [{"neighbour": "E1/case"}, {"vector": "A3/Name"}]}]
        self.clean(Run(steps).against(FakeAgent))

    def test_limit_respected(self) -> None:
        """No poll gets more commands than it asked for."""
        report = Run([{"deliver": [call("r1"), call("r2"), call("r3")]}]).against(habit(limit=1))
        self.clean(report)
        self.assertEqual(report["polls"][:3], [200, 200, 200])

    def test_breaches_caught(self) -> None:
        """Each bad habit is caught by its own rule."""
        with ThreadPoolExecutor(4) as pool:
            runs = {name: pool.submit(Run([{"deliver": [call("r1")]}]).against, BROKEN[name][1]) for name in BROKEN}
        for name, (rule, _) in BROKEN.items():
            with self.subTest(habit=name):
                self.assertIn(rule, self.rules(runs[name].result()))

    def test_bad_retries_caught(self) -> None:
        """Repeating what must not be repeated, changing it, giving up no wait, following a redirect."""
        impatient = habit(wait=lambda self, retry_after: None)
        stubborn = habit(again=lambda self, status, final: status != 200)
        restless = habit(post=post_changed)
        follower = habit(wait=lambda self, _: self.request("GET", "/elsewhere", self.headers(), None))
        once = [{"deliver": [call("r1")]}]
        elsewhere = {"status": 307, "location": "/elsewhere"}
        cases = {
            "path": (follower, [{"answer": elsewhere}, *once], []),
            "retry-after": (impatient, [{"answer": {"status": 429, "retry_after": "1"}}, *once], []),
            "retry-forbidden": (stubborn, once, [{"request_id": "r1", "status": 500}]),
            "retry-often": (habit(attempts=4), once, [{"request_id": "r1", "status": 503}] * 3),
            "retry-differs": (restless, once, [{"request_id": "r1", "status": 503}]),
        }
        for rule, (agent, steps, faults) in cases.items():
            with self.subTest(rule=rule):
                self.assertIn(rule, self.rules(Run(steps, faults).against(agent)))

    def test_two_polls_caught(self) -> None:
        """Two polls are held at once: nothing is due, so that both wait."""
        run = Run([{"deliver": [call("r1")], "after": ["never"]}])
        run.script["hold_ms"] = 500
        self.assertIn("poll-concurrent", self.rules(run.against(habit(run=two_polls))))

    def test_wrong_answer_caught(self) -> None:
        """An answer other than the expected one, and one that never comes."""
        other = [{"resp_type": "jsonrpc_response", "resp_json": {"error": {"code": 1}}}]
        self.assertIn("unexpected-post", self.rules(Run([{"deliver": [call("r1", expect=other)]}]).against(FakeAgent)))
        silent = Run([{"deliver": [call("r1")]}]).against(habit(answers=lambda self, command: []))
        self.assertEqual((silent["missing"], silent["exit"]), (["r1"], 1))
        unasked = Run([{"deliver": [call("r1", expect=[])]}, {"deliver": [call("r2")]}]).against(FakeAgent)
        self.assertIn("unexpected-post", self.rules(unasked))

    def test_strangers_turned_away(self) -> None:
        """Without a certificate, or with one of another authority, no request is read."""
        for client in (None, "stranger"):
            with self.subTest(client=client):
                report = Run([{"deliver": [call("r1")]}]).against(FakeAgent, client)
                self.assertNotEqual(report["turned_away"], [])
                self.assertEqual((report["polls"], report["identities"]), ([], []))


class Served:
    """An MCP server in a process of its own, with its ledger."""

    def __init__(self, server: str, directory: Path, *more: str) -> None:
        self.ledger = directory / f"{server}.jsonl"
        arguments = ["--ledger", str(self.ledger), "--stop-after", "300", *more]
        commands = {
            "python": [sys.executable, HERE / "python/server.py"],
            "everything": ["node", HERE / "node/everything.mjs", "--modules", installed / "node"],
        }
        self.process = subprocess.Popen(
            [*commands[server], *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.port = int(self.process.stdout.readline().removeprefix("LISTENING "))
        self.url = f"http://127.0.0.1:{self.port}/mcp"

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)
        self.process.stdout.close()


def played(*command: object) -> tuple[int, list[dict]]:
    """Runs a script that prints one JSON line per step: exit code and lines."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=PATIENCE_SECONDS * 2)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


class Sdks(unittest.TestCase):
    """The SDK servers with the SDK clients, and the vectors with the bare servers."""

    def setUp(self) -> None:
        self.directory = self.enterContext(tempfile.TemporaryDirectory())

    def served(self, server: str, *more: str) -> Served:
        """A server that ends with the test."""
        return self.enterContext(Served(server, Path(self.directory), *more))

    def python_client(self, served: Served, *flags: str) -> tuple[int, list[dict]]:
        """The Python client against a server."""
        return played(sys.executable, HERE / "python/client.py", served.url, "--ledger", served.ledger, *flags)

    def node_client(self, served: Served, *flags: str) -> tuple[int, list[dict]]:
        """The TypeScript client against a server."""
        return played("node", HERE / "node/client.mjs", "--modules", installed / "node", *flags, served.url)

    def good(self, outcome: tuple[int, list[dict]], steps: int) -> None:
        """Every step held, and there were as many as there should be."""
        code, lines = outcome
        self.assertEqual(([line for line in lines if not line["ok"]], len(lines), code), ([], steps, 0))

    def failing(self, outcome: tuple[int, list[dict]]) -> set:
        """The steps that failed."""
        code, lines = outcome
        self.assertEqual(code, 1)
        return {line["step"] for line in lines if not line["ok"]}

    def test_python_server(self) -> None:
        """Both eras with the Python client, then the TypeScript client."""
        served = self.served("python")
        for mode in ("legacy", "auto", "2026-07-28"):
            with self.subTest(mode=mode):
                self.good(self.python_client(served, "--mode", mode), 11)
        self.good(self.node_client(served), 7)

    def test_everything_server(self) -> None:
        """The everything server with both clients."""
        served = self.served("everything")
        self.good(self.python_client(served, "--server", "everything"), 8)
        self.good(self.node_client(served, "--server", "everything"), 7)

    def test_expectations_can_fail(self) -> None:
        """What is expected through the agent is not there on a bare server: the clients and the ledger notice."""
        served = self.served("python")
        wrong = {"list_tools", "unlisted", "ledger"}
        self.assertEqual(self.failing(self.python_client(served, "--expect", "gated")), wrong)
        self.assertEqual(self.failing(self.node_client(served, "--expect", "gated")), {"list_tools", "unlisted"})

    def test_server_demands_a_certificate(self) -> None:
        """With --tls a peer without a certificate is turned away, and one with a certificate gets an answer."""
        pki = Pki(Path(self.directory))
        cert, key = pki.ours.server("mcp")
        served = self.served("python", "--tls", str(cert), str(key), str(pki.ours.file))
        agent = FakeAgent(f"https://127.0.0.1:{served.port}", pki.trust("client"), TUNNEL, API_KEY)
        status, _, _ = agent.request("POST", "/mcp", [("Content-Type", "application/json")], b"{}")
        self.assertGreaterEqual(status, 400)
        agent.tls = pki.trust(None)
        with self.assertRaises(OSError):
            agent.request("POST", "/mcp", [], b"{}")

    def test_vectors_on_bare_servers(self) -> None:
        """Each vector is live or inert as recorded, and each neighbour passes."""
        for server in ("python", "everything"):
            with self.subTest(server=server):
                served = self.served(server)
                flags = ["--server", server, "--url", served.url, "--ledger", served.ledger]
                code, lines = played(sys.executable, HERE / "bare.py", *flags)
                self.assertEqual(([line for line in lines if not line["ok"]], code), ([], 0))
                self.assertGreater(len(lines), 100)


if __name__ == "__main__":
    if len(sys.argv) < 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("usage: selftest.py DIR: the directory that install.sh filled")
    installed = Path(sys.argv.pop(1)).resolve()
    os.chdir(HERE)
    unittest.main(verbosity=2)
