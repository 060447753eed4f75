"""The script of a run: what to deliver, when to fail, what to expect back. README.md describes the file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import vectors

from . import strict_json
from .contract import Terms

STEP_MEMBERS = {"deliver", "answer", "cut", "after"}
COMMAND_MEMBERS = {"command", "raw", "vector", "neighbour", "request_id", "shard_token", "headers", "expect"}
ANY_POST: list = [{}]


class BadScript(ValueError):
    """The script cannot be played; the message says where."""


@dataclass
class Command:
    """One polled command, the address its answer must carry, and the posts that must come back, in order."""

    text: bytes
    request_id: str
    shard_token: str
    channel: str | None
    client_request_id: str | None
    message: object
    expect: list[dict]
    posts: list[dict] = field(default_factory=list)
    closed: bool = False

    def fulfilled(self) -> bool:
        """Whether every expected post came."""
        return len(self.posts) >= len(self.expect)


@dataclass
class Step:
    """What one poll gets: commands, or an answer without any, or a cut connection."""

    deliver: list[Command]
    status: int
    retry_after: str | None
    location: str | None
    cut: str | None
    after: list[str]


@dataclass
class PostFault:
    """What one post gets in place of its acknowledgement. `cut` is `before` (not recorded) or `after` (recorded)."""

    request_id: str
    status: int
    retry_after: str | None
    cut: str | None


@dataclass
class Script:
    """A whole run."""

    terms: Terms
    hold_seconds: float
    stop_after_seconds: float
    steps: list[Step]
    post_faults: list[PostFault]


def read(path: Path) -> Script:
    """Reads a script file."""
    source = strict_json.loads(path.read_bytes())
    terms = Terms(
        tunnel_id=source["tunnel_id"],
        api_key=source["api_key"],
        channels=source.get("channels", ["main"]),
        organization=source.get("organization"),
        extra_headers={name.lower(): value for name, value in source.get("extra_headers", {}).items()},
    )
    return Script(
        terms,
        float(source.get("hold_ms", "200")) / 1000,
        float(source.get("stop_after_s", "60")),
        [step(number, entry) for number, entry in enumerate(source["steps"])],
        [post_fault(entry) for entry in source.get("post_faults", [])],
    )


def step(number: int, source: dict) -> Step:
    """One step."""
    if not set(source) <= STEP_MEMBERS:
        raise BadScript(f"step {number}: unknown member among {sorted(source)}")
    answer = source.get("answer", {})
    return Step(
        deliver=[command(entry, f"v{number}-{place}") for place, entry in enumerate(source.get("deliver", []))],
        status=int(answer.get("status", "200")),
        retry_after=answer.get("retry_after"),
        location=answer.get("location"),
        cut=source.get("cut"),
        after=source.get("after", []),
    )


def post_fault(source: dict) -> PostFault:
    """One failing acknowledgement; those for the same command are used up in file order."""
    return PostFault(source["request_id"], int(source.get("status", "0")), source.get("retry_after"), source.get("cut"))


def command(source: dict, spare_id: str) -> Command:
    """One command, in one of four forms: `command` verbatim, `raw` text, a `vector` or the `neighbour` of one."""
    if not set(source) <= COMMAND_MEMBERS:
        raise BadScript(f"command {spare_id}: unknown member among {sorted(source)}")
    expect = source.get("expect", ANY_POST)
    if "command" in source:
        return verbatim(source["command"], expect)
    request_id = source.get("request_id", spare_id)
    shard_token = source.get("shard_token", f"shard-{spare_id}")
    headers = source.get("headers", {})
    if "raw" in source:
        return Command(source["raw"].encode(), request_id, shard_token, None, client_request_id(headers), None, expect)
    entry = of_vector(source)
    text = vectors.command(entry, request_id, shard_token, headers)
    echoed = client_request_id(headers) or client_request_id({name: [value] for name, value in usable_headers(entry)})
    return Command(text, request_id, shard_token, None, echoed, None, expect)


def verbatim(source: dict, expect: list[dict]) -> Command:
    """A well-formed command, written as in the script."""
    return Command(
        strict_json.dumps(source).encode(),
        source["request_id"],
        source["shard_token"],
        normalized(source.get("channel")),
        client_request_id(source.get("headers") or {}),
        source.get("jsonrpc"),
        expect,
    )


def of_vector(source: dict) -> dict:
    """The vector or the neighbour a script names."""
    name = source.get("vector") or source["neighbour"]
    found = next((entry for entry in vectors.load() if entry["name"] == name), None)
    if found is None:
        raise BadScript(f"no vector is called `{name}`")
    return found if "vector" in source else found["neighbour"]


def usable_headers(entry: dict) -> list[tuple[str, str]]:
    """The vector's own headers but for those that cannot stand in an HTTP message, which nobody can echo."""
    return [(name, value) for name, value in vectors.shot(entry).headers if re.fullmatch(r"[\t\x20-\x7e]*", value)]


def normalized(channel: object) -> str | None:
    """The channel an answer must name, or nothing when the name cannot be one."""
    name = (channel or "").strip().lower() or "main"
    return name if re.fullmatch(r"[a-z0-9_-]{1,64}", name) else None


def client_request_id(headers: dict) -> str | None:
    """The first value of the command's X-Request-Id, which its answers echo."""
    values = [value for name, items in headers.items() if name.lower() == "x-request-id" for value in items]
    return values[0] if values else None


def unlike(wanted: object, got: object, at: str = "") -> Iterator[str]:
    """Where `got` differs from what is wanted. An object may have more members; `"$any"` stands for anything."""
    if wanted == "$any":
        return
    if isinstance(wanted, dict) and isinstance(got, dict):
        for name, value in wanted.items():
            yield from unlike(value, got.get(name), f"{at}.{name}")
    elif type(wanted) is not type(got) or wanted != got:
        yield f"{at or '.'}: expected {wanted!r}, got {got!r}"
