"""Reads vectors.json: what the members mean is in README.md, how a body is spelled out is here."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("vectors.json")


@dataclass(frozen=True)
class Shot:
    """What is sent: a message, the headers beside it, and the polled command around it where the vector brings one."""

    message: bytes
    headers: list[tuple[str, str]]
    command: bytes | None


def load() -> list[dict]:
    """All vectors in file order."""
    return json.loads(FILE.read_text(encoding="utf-8"))["vectors"]


def shot(entry: dict) -> Shot:
    """The bytes of a vector or of its neighbour."""
    command = spell(entry["command"]) if "command" in entry else None
    return Shot(spell(entry["message"]), [tuple(pair) for pair in entry.get("headers", [])], command)


def spell(body: dict) -> bytes:
    """Writes a body out: `text`, `base64`, or `parts` repeated and counted up."""
    if "base64" in body:
        return base64.b64decode(body["base64"], validate=True)
    if "parts" in body:
        return b"".join(part(piece) for piece in body["parts"])
    return body["text"].encode()


def part(piece: dict) -> bytes:
    """`{"text": t, "times": n}` is t, n times; `{"keys": n}` is the members "k0":0 to "k<n-1>":0."""
    if "keys" in piece:
        return ",".join(f'"k{number}":0' for number in range(piece["keys"])).encode()
    return piece["text"].encode() * piece.get("times", 1)


def command(entry: dict, request_id: str, shard_token: str, headers: dict[str, list[str]]) -> bytes:
    """The polled command that carries a vector or a neighbour: its own, or an ordinary one around its message."""
    sent = shot(entry)
    merged = {name: list(values) for name, values in headers.items()}
    for name, value in sent.headers:
        merged.setdefault(name, []).append(value)
    frame = sent.command or ORDINARY
    for mark, text in (
        (b"$REQUEST_ID", request_id.encode()),
        (b"$SHARD_TOKEN", shard_token.encode()),
        (b"$HEADERS", json.dumps(merged).encode()),
        (b"$MESSAGE", sent.message),
    ):
        frame = frame.replace(mark, text)
    return frame


ORDINARY = (
    b'{"request_id":"$REQUEST_ID","shard_token":"$SHARD_TOKEN","command_type":"jsonrpc","channel":"main",'
    b'"headers":$HEADERS,"jsonrpc":$MESSAGE}'
)
