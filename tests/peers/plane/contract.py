"""The contract for the head of a request: path, query and headers. Pure: a request in, breaches out.

A breach is a pair: the rule's name, stable for tests, and what was seen, which is never the API key or a shard token.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

Breach = tuple[str, str]

CLIENT_NAME = "portcullis"
SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", re.ASCII)
INSTANCE = re.compile(r"[0-9a-f]{32}")
CHANNEL = re.compile(r"[a-z0-9_-]{1,64}")
CANONICAL = re.compile(r"[1-9][0-9]{0,8}")
# Headers of every HTTP client; everything else must be in the contract or in the script's `extra_headers`.
ORDINARY = {"host", "accept-encoding", "connection"}
ALWAYS = {
    "authorization",
    "accept",
    "user-agent",
    "x-tunnel-client-name",
    "x-tunnel-client-version",
    "x-tunnel-client-instance-id",
    "x-tunnel-mcp-server-info",
}
ON_POST = {"content-type", "content-length", "x-tunnel-shard-token", "x-client-request-id"}


@dataclass(frozen=True)
class Terms:
    """What this run expects of every request."""

    tunnel_id: str
    api_key: str
    channels: list[str]
    organization: str | None
    extra_headers: dict[str, str]

    def route(self, name: str) -> str:
        """The exact path of a route."""
        return f"/v1/tunnels/{self.tunnel_id}{name}"


@dataclass(frozen=True)
class Request:
    """The head of one request; header names in lower case, in the order they came."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]

    def values(self, name: str) -> list[str]:
        """All values of one header."""
        return [value for key, value in self.headers if key == name]

    def first(self, name: str) -> str:
        """The first value of one header, or nothing."""
        return next(iter(self.values(name)), "")


def authorized(request: Request, terms: Terms) -> bool:
    """Whether the bearer is there once and exactly."""
    return request.values("authorization") == [f"Bearer {terms.api_key}"]


def check_head(request: Request, terms: Terms) -> Iterator[Breach]:
    """Everything that holds on every route."""
    yield from check_names(request, terms)
    if not authorized(request, terms):
        yield "authorization", "missing, repeated or not the key of this tunnel"
    yield from exactly(request, "accept", "application/json")
    yield from exactly(request, "x-tunnel-client-name", CLIENT_NAME)
    yield from shaped(request, "x-tunnel-client-version", SEMVER)
    yield from exactly(request, "user-agent", f"{CLIENT_NAME}/{request.first('x-tunnel-client-version')}")
    yield from shaped(request, "x-tunnel-client-instance-id", INSTANCE)
    yield from check_server_info(request, terms)
    for name, value in terms.extra_headers.items():
        yield from exactly(request, name, value)
    if terms.organization is not None:
        yield from exactly(request, "openai-organization", terms.organization)


def check_names(request: Request, terms: Terms) -> Iterator[Breach]:
    """No header but those of the contract, and none twice."""
    known = ORDINARY | ALWAYS | set(terms.extra_headers)
    known |= ON_POST if request.method == "POST" else set()
    known |= {"openai-organization"} if terms.organization is not None else set()
    names = [name for name, _ in request.headers]
    for name in sorted(set(names)):
        if name not in known:
            yield "unknown-header", name
        if names.count(name) > 1:
            yield "repeated-header", name


def exactly(request: Request, name: str, value: str) -> Iterator[Breach]:
    """One header with one fixed value."""
    if request.values(name) != [value]:
        yield name, f"expected `{value}`, got {request.values(name)}"


def shaped(request: Request, name: str, shape: re.Pattern) -> Iterator[Breach]:
    """One header whose value has a shape."""
    values = request.values(name)
    if len(values) != 1 or not shape.fullmatch(values[0]):
        yield name, f"wrong shape: {values}"


def check_server_info(request: Request, terms: Terms) -> Iterator[Breach]:
    """X-Tunnel-MCP-Server-Info, version 1: compact, in order, at most 4096 bytes; compared as text."""
    channels = [{"name": name} for name in terms.channels]
    wanted = json.dumps({"version": 1, "channels": channels}, separators=(",", ":"))
    yield from exactly(request, "x-tunnel-mcp-server-info", wanted)


def check_poll(request: Request) -> Iterator[Breach]:
    """Query and lack of body of a poll."""
    pairs = parse_qsl(request.query, keep_blank_values=True)
    query = dict(pairs)
    keys = [key for key, _ in pairs if key != "channel"]
    if keys != ["limit", "timeout_ms"]:
        yield "poll-query", f"parameters {keys}"
    if not CANONICAL.fullmatch(query.get("limit", "")) or not 1 <= int(query["limit"]) <= 25:
        yield "poll-limit", query.get("limit", "none")
    if not CANONICAL.fullmatch(query.get("timeout_ms", "")):
        yield "poll-timeout", query.get("timeout_ms", "none")
    channels = [value for key, value in pairs if key == "channel"]
    if channels != sorted(set(channels)) or not all(CHANNEL.fullmatch(name) for name in channels):
        yield "poll-channel", f"{channels}"


def check_post(request: Request, client_request_id: str | None) -> Iterator[Breach]:
    """Headers of a response post; the shard token is compared where the command is known."""
    yield from exactly(request, "content-type", "application/json")
    if request.query:
        yield "post-query", "a response post has none"
    wanted = [] if client_request_id is None else [client_request_id]
    if request.values("x-client-request-id") != wanted:
        yield "x-client-request-id", f"expected {wanted}, got {request.values('x-client-request-id')}"
