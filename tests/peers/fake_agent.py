"""The smallest agent that keeps the wire contract, for the self-test of control_plane.py. It judges nothing.

Each method is one habit; a subclass that breaks a single habit must be caught by the control plane.
"""

import http.client
import json
import ssl
import time
from urllib.parse import urlencode, urlsplit

VERSION = "0.1.0"


class FakeAgent:
    """Polls, answers every call with an empty result, posts."""

    attempts = 3
    limit = 20
    timeout_ms = 30000

    def __init__(self, url: str, tls: ssl.SSLContext, tunnel_id: str, api_key: str) -> None:
        self.address = urlsplit(url)
        self.tls = tls
        self.tunnel_id = tunnel_id
        self.api_key = api_key

    def headers(self) -> list[tuple[str, str]]:
        """What goes with every request."""
        return [
            ("Authorization", f"Bearer {self.api_key}"),
            ("Accept", "application/json"),
            ("User-Agent", f"portcullis/{VERSION}"),
            ("X-Tunnel-Client-Name", "portcullis"),
            ("X-Tunnel-Client-Version", VERSION),
            ("X-Tunnel-Client-Instance-Id", "000102030405060708090a0b0c0d0e0f"),
            ("X-Tunnel-MCP-Server-Info", '{"version":1,"channels":[{"name":"main"}]}'),
        ]

    def post_headers(self, command: dict) -> list[tuple[str, str]]:
        """What goes with a response post on top of that."""
        own = [("Content-Type", "application/json"), ("X-Tunnel-Shard-Token", command["shard_token"])]
        values = [items for name, items in command.get("headers", {}).items() if name.lower() == "x-request-id"]
        return own + [("X-Client-Request-Id", items[0]) for items in values]

    def poll_target(self) -> str:
        """Path and query of a poll."""
        query = urlencode({"limit": self.limit, "timeout_ms": self.timeout_ms})
        return f"/v1/tunnels/{self.tunnel_id}/poll?{query}"

    def answers(self, command: dict) -> list[dict]:
        """The bodies that answer a command, in order."""
        address = {"request_id": command["request_id"], "channel": command.get("channel", "main")}
        if command["command_type"] == "session_termination":
            return [address | {"resp_code": 204, "resp_type": "session_termination_response"}]
        message = command["jsonrpc"]
        if "id" not in message:
            return [address | {"resp_code": 202, "resp_type": "notify_ack"}]
        return self.call(address, message)

    def call(self, address: dict, message: dict) -> list[dict]:
        """The answer to a call, after its progress where it asked for some."""
        token = message.get("params", {}).get("_meta", {}).get("progressToken")
        note = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 1}}
        headers = {"resp_headers": {"Content-Type": ["text/event-stream"]}}
        tail = {"resp_code": 200, "resp_type": "jsonrpc_notify"}
        progress = [] if token is None else [address | {"resp_json": note} | headers | tail]
        result = {"jsonrpc": "2.0", "id": message["id"], "result": {}}
        headers = {"resp_headers": {"Content-Type": ["application/json"]}}
        tail = {"resp_code": 200, "resp_type": "jsonrpc_response"}
        return [*progress, address | {"resp_json": result} | headers | tail]

    def encode(self, body: dict) -> bytes:
        """A body as bytes."""
        return json.dumps(body, separators=(",", ":")).encode()

    def request(self, method: str, target: str, headers: list, body: bytes | None) -> tuple[int, str | None, bytes]:
        """One request on a connection of its own: status, Retry-After, body."""
        connection = http.client.HTTPSConnection(self.address.hostname, self.address.port, context=self.tls, timeout=30)
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, response.headers.get("Retry-After"), response.read()
        finally:
            connection.close()

    def wait(self, retry_after: str | None) -> None:
        """Waits as long as it was told, at least a moment."""
        time.sleep(float(retry_after or 0.05))

    def run(self) -> None:
        """Polls until the control plane is gone."""
        while True:
            try:
                status, retry_after, body = self.request("GET", self.poll_target(), self.headers(), None)
            except ConnectionRefusedError:
                return
            except (OSError, http.client.HTTPException):
                self.wait(None)
                continue
            if status not in (200, 204):
                self.wait(retry_after)
            elif status == 200:
                for command in json.loads(body)["commands"]:
                    self.serve(command)

    def serve(self, command: dict) -> None:
        """Posts every answer to one command."""
        for body in self.answers(command):
            self.post(command, self.encode(body), final=body["resp_type"] != "jsonrpc_notify")

    def post(self, command: dict, body: bytes, final: bool) -> None:
        """Posts one body, again where that is allowed."""
        target = f"/v1/tunnels/{self.tunnel_id}/response"
        for _ in range(self.attempts):
            try:
                status, retry_after, _ = self.request("POST", target, self.headers() + self.post_headers(command), body)
            except (OSError, http.client.HTTPException):
                status, retry_after = 0, None
            if not self.again(status, final):
                return
            self.wait(retry_after)

    def again(self, status: int, final: bool) -> bool:
        """Whether a failed post is worth another attempt."""
        return status in (0, 408, 429, 502, 503, 504) if final else status == 429
