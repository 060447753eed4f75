"""A control plane for the tests, standard library only: mutual TLS, the wire contract, a script and a report.

    control_plane.py --script FILE --report FILE --ready-file FILE --ca CLIENT_CA --cert CERT --key KEY

It demands a client certificate that CLIENT_CA signed, plays the script (README.md describes the file), answers as the
published contract says and writes down every breach by the agent. It stops when all commands were delivered, all
expected posts came and the agent polled once more, on SIGTERM or SIGINT, or after the script's `stop_after_s`; then it
writes the report. The exit code is 0 when the report is clean.
"""

import argparse
import http.server
import json
import signal
import socket
import ssl
import sys
import time
from pathlib import Path

from plane.contract import Request
from plane.script import BadScript, read
from plane.state import Answer, Plane, problem

MAX_BODY_BYTES = 16 * 1024 * 1024
IDLE_SECONDS = 120


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection of the agent: the handshake, then its requests."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    server: "Server"

    def setup(self) -> None:
        """Performs the handshake in the connection's own thread and notes who came."""
        self.request.settimeout(self.timeout)
        self.request.do_handshake()
        super().setup()
        subject = dict(pair for part in self.request.getpeercert()["subject"] for pair in part)
        with self.server.plane.lock:
            self.server.plane.identities.add((self.request.version(), subject.get("commonName", "")))

    def do_GET(self) -> None:  # noqa: N802 (the name is given by http.server)
        """Metadata and poll."""
        request = self.read_head()
        if self.headers.get("content-length", "0") != "0" or "transfer-encoding" in self.headers:
            self.server.plane.note(request, [("get-body", "a GET carries no body")])
        self.answer(self.route(request))

    def do_POST(self) -> None:  # noqa: N802
        """The response post."""
        request = self.read_head()
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES or "transfer-encoding" in self.headers:
            self.server.plane.note(request, [("post-length", "one Content-Length of at most 16 MiB is expected")])
            self.close_connection = True
            return self.answer(problem(411, "length_required"))
        body = self.rfile.read(int(length))
        terms = self.server.plane.script.terms
        if request.path != terms.route("/response"):
            return self.answer(self.unknown(request))
        self.answer(self.server.plane.head(request) or self.server.plane.post(request, body))

    def route(self, request: Request) -> Answer:
        """The answer to a GET."""
        plane, terms = self.server.plane, self.server.plane.script.terms
        if request.path == terms.route("/poll"):
            return plane.head(request) or plane.poll(request)
        if request.path == terms.route(""):
            return plane.head(request) or self.metadata(terms.tunnel_id)
        return self.unknown(request)

    def metadata(self, tunnel_id: str) -> Answer:
        """The tunnel's own record."""
        with self.server.plane.lock:
            self.server.plane.metadata += 1
        return Answer(200, json.dumps({"id": tunnel_id, "name": "test", "description": "", "more": 1}).encode())

    def unknown(self, request: Request) -> Answer:
        """A path outside the contract."""
        self.server.plane.note(request, [("path", "not a route of this tunnel")])
        return problem(404, "not_found")

    def read_head(self) -> Request:
        """The request's head. The target is taken from the request line: http.server mends `self.path`."""
        path, _, query = self.requestline.split(" ")[1].partition("?")
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        return Request(self.command, path, query, headers)

    def answer(self, answer: Answer) -> None:
        """Writes an answer, or breaks the connection where the script says so."""
        if answer.cut == "before":
            return self.cut()
        self.send_response(answer.status)
        self.send_header("X-Request-Id", "svc-test")
        for name, value in (("Retry-After", answer.retry_after), ("Location", answer.location)):
            if value is not None:
                self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if answer.cut == "body" else answer.body)
        if answer.cut == "body":
            self.cut()

    def cut(self) -> None:
        """Breaks the connection without a word of TLS."""
        self.wfile.flush()
        self.close_connection = True
        socket.socket.shutdown(self.request, socket.SHUT_RDWR)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing: the report says it."""


class Server(http.server.ThreadingHTTPServer):
    """Accepts connections; each gets its handshake and its requests in a thread of its own."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, plane: Plane, tls: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.plane = plane
        self.tls = tls

    def get_request(self) -> tuple[ssl.SSLSocket, object]:
        """Accepts without the handshake, which would hold up everybody else."""
        connection, address = super().get_request()
        return self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: object, client_address: object) -> None:
        """Notes who was turned away; a connection that ends early is the agent's right."""
        fault = sys.exception()
        if isinstance(fault, ssl.SSLError):
            with self.plane.lock:
                self.plane.turned_away.append(fault.reason or type(fault).__name__)
        elif not isinstance(fault, OSError):
            self.plane.note(Request("", "", "", []), [("control-plane", f"{type(fault).__name__}: {fault}")])


def tls_settings(ca: Path, cert: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.3 only, and nobody without a certificate of `ca`."""
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    settings.minimum_version = ssl.TLSVersion.TLSv1_3
    settings.verify_mode = ssl.CERT_REQUIRED
    settings.load_verify_locations(ca)
    settings.load_cert_chain(cert, key)
    settings.set_alpn_protocols(["http/1.1"])
    return settings


def options() -> argparse.Namespace:
    """What the caller asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--script", "--report", "--ready-file", "--ca", "--cert", "--key"):
        parser.add_argument(name, type=Path, required=True)
    return parser.parse_args()


def publish(path: Path, text: str) -> None:
    """Writes a file so that a reader sees all of it or none."""
    draft = path.with_name(path.name + ".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def serve(plane: Plane, server: Server, ready_file: Path) -> None:
    """Serves until the run is over."""

    def stop(*_: object) -> None:
        plane.stopped = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    publish(ready_file, f"https://127.0.0.1:{server.server_address[1]}\n")
    server.timeout = 0.05
    give_up = time.monotonic() + plane.script.stop_after_seconds
    while not (plane.finished or plane.stopped or time.monotonic() >= give_up):
        server.handle_request()
    server.server_close()
    # A signal that comes while the interpreter winds down must not change the exit code.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def main() -> int:
    """Plays a script; 0 when the agent kept to the contract."""
    asked = options()
    try:
        plane = Plane(read(asked.script))
    except (BadScript, KeyError, ValueError) as fault:
        print(f"control_plane: the script `{asked.script}` cannot be played: {fault!r}", file=sys.stderr)
        return 2
    serve(plane, Server(plane, tls_settings(asked.ca, asked.cert, asked.key)), asked.ready_file)
    with plane.lock:
        report = plane.report()
    publish(asked.report, json.dumps(report, indent=1) + "\n")
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
