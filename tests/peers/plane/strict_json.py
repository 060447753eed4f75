"""JSON for judging: what is doubtful is refused, and numbers keep the text they were written with."""

import json


class Refused(ValueError):
    """The text is not JSON, or two readers could disagree about it."""


class Number(str):
    """A number as it was written: `1` and `1.0` are not equal."""


def loads(text: bytes) -> object:
    """Reads one JSON value of UTF-8 text. Refuses repeated members, NaN and a byte order mark; keeps member order."""
    try:
        return json.loads(
            text.decode("utf-8"),
            object_pairs_hook=members,
            parse_int=Number,
            parse_float=Number,
            parse_constant=constant,
        )
    except (UnicodeDecodeError, RecursionError) as fault:
        raise Refused(str(fault)) from fault
    except json.JSONDecodeError as fault:
        raise Refused(f"not JSON at offset {fault.pos}") from fault


def members(pairs: list[tuple[str, object]]) -> dict:
    """An object in which no member is repeated."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused("a member is repeated")
    return found


def constant(name: str) -> object:
    """NaN and the infinities are not JSON."""
    raise Refused(f"`{name}` is not JSON")


def dumps(value: object) -> str:
    """Writes a value that `loads` read, numbers as they were written."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{dumps(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dumps(item) for item in value) + "]"
    return json.dumps(value)
