"""Fires every vector straight at an MCP server, no relay between, and reports what came of it.

    bare.py --server python|everything|rust --url http://127.0.0.1:PORT/mcp --ledger FILE [--only PREFIX] [--measure]

One JSON line per vector on standard output: `live` when the server took the bait, `inert` when it did not, and whether
the neighbour did what it must. The exit code is 0 when all of it is as vectors.json records it. With `--measure` a
reading that differs from the record is no failure; that is how the record was made.

A vector that is live here is what the agent is for. One that is inert everywhere must still be refused: the next server
may read it differently.
"""

import argparse
import http.client
import json
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import vectors

PATIENCE_SECONDS = 15
PROTOCOL = "2025-11-25"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": "first",
    "method": "initialize",
    "params": {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": {"name": "bare", "version": "1"}},
}


@dataclass(frozen=True)
class Answer:
    """What the server said. `hung` means that it opened a stream and never answered on it."""

    status: int
    session: str | None
    messages: list[dict]
    hung: bool = False

    def accepted(self) -> bool:
        """Whether the server took the message for a good one."""
        return 200 <= self.status < 300 and not any(refuses(message) for message in self.messages)


def refuses(message: object) -> bool:
    """Whether one message of an answer is an error, or a result that says it is one."""
    if not isinstance(message, dict):
        return False
    result = message.get("result")
    return "error" in message or (isinstance(result, dict) and result.get("isError") is True)


@dataclass(frozen=True)
class Target:
    """The server under fire and the ledger in which it records what runs."""

    host: str
    port: int
    path: str
    ledger: Path

    def lines(self) -> list[dict]:
        """Everything the server recorded so far."""
        return [json.loads(line) for line in self.ledger.read_text(encoding="utf-8").splitlines()]

    def post(self, body: bytes, headers: list[tuple[str, str]]) -> Answer:
        """Sends bytes and headers exactly as given, over a connection of their own."""
        with socket.create_connection((self.host, self.port), timeout=PATIENCE_SECONDS) as connection:
            send(connection, head(self.path, headers) + body)
            return receive(connection)

    def standard(self, body: bytes) -> dict[str, str]:
        """The headers of a well-behaved client."""
        return {
            "Host": f"{self.host}:{self.port}",
            "Connection": "close",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "Content-Length": str(len(body)),
        }


def head(path: str, headers: list[tuple[str, str]]) -> bytes:
    """The head of the request. Nothing is checked: a line break in a value becomes a second header."""
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("utf-8")


def send(connection: socket.socket, request: bytes) -> None:
    """Writes the request; a server may answer and close before it has read all of it."""
    try:
        connection.sendall(request)
    except (BrokenPipeError, ConnectionResetError):
        pass


def receive(connection: socket.socket) -> Answer:
    """Reads one answer, JSON or event stream, to its end."""
    response = http.client.HTTPResponse(connection, method="POST")
    try:
        response.begin()
    except (http.client.HTTPException, OSError):
        return Answer(0, None, [])
    pieces, hung = drain(response)
    messages = parse(pieces, response.headers.get_content_type())
    return Answer(response.status, response.headers.get("mcp-session-id"), messages, hung)


def drain(response: http.client.HTTPResponse) -> tuple[bytes, bool]:
    """The body as far as it came, and whether the server left it open."""
    pieces = bytearray()
    try:
        while piece := response.read1(65536):
            pieces += piece
    except TimeoutError:
        return bytes(pieces), True
    except (http.client.HTTPException, OSError):
        return bytes(pieces), False
    return bytes(pieces), False


def parse(body: bytes, media: str) -> list[dict]:
    """The JSON messages of an answer, as a lenient client reads them."""
    text = body.decode("utf-8", "replace")
    found = []
    candidates = [text]
    if media == "text/event-stream":
        candidates = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]
    for candidate in candidates:
        try:
            value = json.loads(candidate)
        except ValueError:
            continue
        found.extend(value if isinstance(value, list) else [value])
    return found


def overlay(standard: dict[str, str], own: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of a shot: its own win over the standard ones, except framing, which stands beside them."""
    replaced = {name.lower() for name, _ in own} - {"content-length", "transfer-encoding"}
    return [(name, value) for name, value in standard.items() if name.lower() not in replaced] + own


def open_session(target: Target) -> str:
    """Initializes a session as a well-behaved client does."""
    body = json.dumps(INITIALIZE).encode()
    answer = target.post(body, overlay(target.standard(body), []))
    if answer.session is None or not answer.accepted():
        sys.exit(f"bare: the server at port {target.port} opened no session: status {answer.status}")
    in_session(target, answer.session, b'{"jsonrpc":"2.0","method":"notifications/initialized"}', [])
    return answer.session


def in_session(target: Target, session: str, body: bytes, own: list[tuple[str, str]]) -> Answer:
    """Sends one message in a session."""
    standard = target.standard(body) | {"Mcp-Session-Id": session, "Mcp-Protocol-Version": PROTOCOL}
    return target.post(body, overlay(standard, own))


def fire(target: Target, entry: dict) -> tuple[Answer, list[dict]]:
    """Sends a vector or a neighbour in a session of its own: the answer, and what ran because of it."""
    shot = vectors.shot(entry)
    session = open_session(target)
    before = len(target.lines())
    answer = in_session(target, session, shot.message, shot.headers)
    # A message taken for a notification is answered before it is worked on; a ping behind it has to wait for that.
    in_session(target, session, b'{"jsonrpc":"2.0","id":"settle","method":"ping"}', [])
    return answer, target.lines()[before:]


def holds(proof: str, answer: Answer, ran: list[dict]) -> bool:
    """Whether a proof of vectors.json is there: `accepted`, `ran:TOOL` or `header:NAME`."""
    kind, _, name = proof.partition(":")
    if kind == "ran":
        return any(line["tool"] == name for line in ran)
    if kind == "header":
        return any(name in line["headers"] for line in ran)
    return answer.accepted()


def judge(target: Target, vector: dict, server: str) -> dict:
    """Fires a vector and its neighbour and compares with the record."""
    answer, ran = fire(target, vector)
    measured = "live" if holds(vector["live_if"], answer, ran) else "inert"
    recorded = vector["bare"][server]
    neighbour = vector["neighbour"]
    passed = holds(neighbour["proof"], *fire(target, neighbour))
    return {
        "vector": vector["name"],
        "measured": measured,
        "recorded": recorded,
        "status": answer.status,
        "hung": answer.hung,
        "ran": [line["tool"] for line in ran],
        "neighbour": passed,
        "ok": passed and measured == recorded,
    }


def options() -> argparse.Namespace:
    """What the caller asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", choices=["python", "everything", "rust"], required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--only", default="", metavar="PREFIX")
    parser.add_argument("--measure", action="store_true")
    return parser.parse_args()


def main() -> int:
    """Fires all vectors; 0 when the record holds."""
    asked = options()
    url = urlsplit(asked.url)
    target = Target(url.hostname, url.port, url.path, asked.ledger)
    failed = False
    for vector in vectors.load():
        if not vector["name"].startswith(asked.only):
            continue
        line = judge(target, vector, asked.server)
        print(json.dumps(line), flush=True)
        failed |= not (line["neighbour"] if asked.measure else line["ok"])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
