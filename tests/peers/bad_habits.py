"""Agents that break the wire contract, each by one habit, with the rule of the control plane that must catch it."""

import json
import threading
from collections.abc import Callable

from fake_agent import FakeAgent


def habit(**methods: object) -> type[FakeAgent]:
    """An agent with one habit of its own."""
    return type("Habit", (FakeAgent,), methods)


def with_header(name: str, value: str | None) -> type[FakeAgent]:
    """An agent that sends one header otherwise, or (None) not at all."""

    def headers(self: FakeAgent) -> list:
        kept = [pair for pair in FakeAgent.headers(self) if pair[0] != name]
        return kept if value is None else [*kept, (name, value)]

    return habit(headers=headers)


def with_post_header(name: str, value: str | None) -> type[FakeAgent]:
    """The same for a header of the post."""

    def post_headers(self: FakeAgent, command: dict) -> list:
        kept = [pair for pair in FakeAgent.post_headers(self, command) if pair[0] != name]
        return kept if value is None else [*kept, (name, value)]

    return habit(post_headers=post_headers)


def with_body(change: Callable[[bytes], bytes]) -> type[FakeAgent]:
    """An agent that posts another body."""
    return habit(encode=lambda self, body: change(FakeAgent.encode(self, body)))


def with_member(name: str, value: object) -> type[FakeAgent]:
    """An agent that posts another value for one member (None leaves it out)."""

    def encode(self: FakeAgent, body: dict) -> bytes:
        changed = {key: value if key == name else item for key, item in ({name: None} | body).items()}
        ordered = {key: changed[key] for key in [*body, name] if changed.get(key) is not None}
        return FakeAgent.encode(self, ordered)

    return habit(encode=encode)


def with_poll(query: str) -> type[FakeAgent]:
    """An agent with another poll query."""
    return habit(poll_target=lambda self: f"/v1/tunnels/{self.tunnel_id}/poll{query}")


def answer(**members: object) -> dict:
    """A JSON-RPC answer to the call."""
    return {"jsonrpc": "2.0", "id": 7} | members


def failure(**members: object) -> dict:
    """A synthesized error with provenance."""
    data = {"tunnel_failure": {"version": 1, "upstream_response_received": False} | members}
    return answer(error={"code": -32603, "message": "Bad Gateway", "data": data})


def twice(self: FakeAgent, command: dict) -> None:
    """Posts everything a second time."""
    FakeAgent.serve(self, command)
    FakeAgent.serve(self, command)


def post_changed(self: FakeAgent, command: dict, body: bytes, final: bool) -> None:
    """Repeats a post with another body."""
    for text in (body, body.replace(b'"result":{}', b'"result":{"again":true}')):
        headers = self.headers() + self.post_headers(command)
        self.request("POST", f"/v1/tunnels/{self.tunnel_id}/response", headers, text)


def backwards(text: bytes) -> bytes:
    """The members of a body in reverse order."""
    return json.dumps(dict(reversed(json.loads(text).items()))).encode()


def another_instance(self: FakeAgent) -> list:
    """A new instance id on every request."""
    self.count = getattr(self, "count", 0) + 1
    return [*with_header("X-Tunnel-Client-Instance-Id", f"{self.count:032x}").headers(self)]


def two_polls(self: FakeAgent) -> None:
    """Polls in two loops at once."""
    threading.Thread(target=FakeAgent.run, args=(self,), daemon=True).start()
    FakeAgent.run(self)


def with_query(self: FakeAgent, method: str, target: str, headers: list, body: bytes | None) -> tuple:
    """Sends a query with the post."""
    return FakeAgent.request(self, method, target + ("?x=1" if method == "POST" else ""), headers, body)


def with_get_body(self: FakeAgent, method: str, target: str, headers: list, body: bytes | None) -> tuple:
    """Sends a body with the poll."""
    return FakeAgent.request(self, method, target, headers, body or b"{}")


INFO = '{"channels":[{"name":"main"}],"version":1}'
BROKEN = {
    "no key": ("authorization", with_header("Authorization", None)),
    "another key": ("authorization", with_header("Authorization", "Bearer other")),
    "any media type": ("accept", with_header("Accept", "*/*")),
    "no name": ("x-tunnel-client-name", with_header("X-Tunnel-Client-Name", None)),
    "the reference's name": ("x-tunnel-client-name", with_header("X-Tunnel-Client-Name", "oai-tunnel-client")),
    "no semantic version": ("x-tunnel-client-version", with_header("X-Tunnel-Client-Version", "v1")),
    "another user agent": ("user-agent", with_header("User-Agent", "portcullis")),
    "upper-case instance": ("x-tunnel-client-instance-id", with_header("X-Tunnel-Client-Instance-Id", "A" * 32)),
    "server info out of order": ("x-tunnel-mcp-server-info", with_header("X-Tunnel-MCP-Server-Info", INFO)),
    "a header twice": ("repeated-header", habit(headers=lambda self: FakeAgent.headers(self) * 2)),
    "a new instance each time": ("instance-changed", habit(headers=another_instance)),
    "a body with the poll": ("get-body", habit(request=with_get_body)),
    "a query with the post": ("post-query", habit(request=with_query)),
    "channels out of order": ("poll-channel", with_poll("?channel=b&channel=a&limit=5&timeout_ms=1000")),
    "a cookie": ("unknown-header", with_header("Cookie", "a=b")),
    "no limit": ("poll-limit", with_poll("?timeout_ms=1000")),
    "limit 0": ("poll-limit", with_poll("?limit=0&timeout_ms=1000")),
    "limit 26": ("poll-limit", with_poll("?limit=26&timeout_ms=1000")),
    "limit not canonical": ("poll-limit", with_poll("?limit=+5&timeout_ms=1000")),
    "timeout 0": ("poll-timeout", with_poll("?limit=5&timeout_ms=0")),
    "query out of order": ("poll-query", with_poll("?timeout_ms=1000&limit=5")),
    "query with more": ("poll-query", with_poll("?limit=5&timeout_ms=1000&x=1")),
    "another tunnel": ("path", habit(poll_target=lambda self: "/v1/tunnels/other/poll?limit=1&timeout_ms=1")),
    "a doubled slash": ("path", habit(poll_target=lambda self: "/" + FakeAgent.poll_target(self))),
    "no shard token": ("shard-token", with_post_header("X-Tunnel-Shard-Token", None)),
    "another shard token": ("shard-token", with_post_header("X-Tunnel-Shard-Token", "other")),
    "a charset": ("content-type", with_post_header("Content-Type", "application/json; charset=utf-8")),
    "an invented request id": ("x-client-request-id", with_post_header("X-Client-Request-Id", "x")),
    "not JSON": ("body-json", with_body(lambda text: text + b",")),
    "a repeated member": ("body-json", with_body(lambda text: text[:-1] + b',"channel":"main"}')),
    "a member more": ("body-members", with_member("shard_token", "x")),
    "no channel": ("body-members", with_member("channel", None)),
    "another channel": ("body-channel", with_member("channel", "other")),
    "another order": ("body-order", with_body(backwards)),
    "a code as text": ("body-code", with_member("resp_code", "200")),
    "a code of 99": ("body-code", with_member("resp_code", 99)),
    "a type of its own": ("body-type", with_member("resp_type", "answer")),
    "a header beyond the list": ("body-header-name", with_member("resp_headers", {"Set-Cookie": ["a=b"]})),
    "a header in lower case": ("body-header-name", with_member("resp_headers", {"content-type": ["a/b"]})),
    "an empty header": ("body-header-value", with_member("resp_headers", {"Content-Type": [""]})),
    "no headers but the member": ("body-headers", with_member("resp_headers", {})),
    "no payload": ("body-payload", with_member("resp_json", None)),
    "an acknowledgement with payload": ("body-payload", with_member("resp_type", "notify_ack")),
    "an unknown request": ("post-unknown", with_member("request_id", "other")),
    "the id as text": ("answer-id", with_member("resp_json", {"jsonrpc": "2.0", "id": "7", "result": {}})),
    "the id rewritten": ("answer-id", with_body(lambda text: text.replace(b'"id":7', b'"id":7.0'))),
    "no id": ("answer-id", with_member("resp_json", {"jsonrpc": "2.0", "result": {}})),
    "result and error": ("answer-shape", with_member("resp_json", answer(result={}, error={"code": 1, "message": ""}))),
    "an error without a message": ("error-message", with_member("resp_json", answer(error={"code": 1}))),
    "a code that is no integer": ("error-code", with_member("resp_json", answer(error={"code": 1.5, "message": ""}))),
    "an unknown source": ("tunnel-failure", with_member("resp_json", failure(source="gremlins"))),
    "a target without status": ("tunnel-failure", with_member("resp_json", failure(source="target_http"))),
    "a request as notification": ("notify-shape", with_member("resp_type", "jsonrpc_notify")),
    "every post twice": ("post-closed", habit(serve=twice)),
}
