"""The contract for the body of a response post (TunnelResponsePayload of the published API). Pure: a body in, breaches out."""

import re
from collections.abc import Iterator

from .contract import Breach
from .strict_json import Number

ORDER = ["request_id", "channel", "resp_json", "resp_headers", "resp_code", "resp_type"]
REQUIRED = ["request_id", "channel", "resp_code", "resp_type"]
# resp_type -> whether it carries resp_json, whether it closes the command.
TYPES = {
    "jsonrpc_response": (True, True),
    "jsonrpc_notify": (True, False),
    "notify_ack": (False, True),
    "session_termination_response": (False, True),
}
HEADERS = {
    "Access-Control-Expose-Headers",
    "Content-Type",
    "Last-Event-Id",
    "Mcp-Protocol-Version",
    "Mcp-Session-Id",
    "Www-Authenticate",
}
STATUS = re.compile(r"[1-5][0-9]{2}")
SOURCES = {"target_http", "dns", "tls", "connect", "transport_closed", "timeout", "protocol", "client_internal"}


def closes(body: dict) -> bool:
    """Whether this post ends its command."""
    return TYPES.get(body.get("resp_type"), (False, True))[1]


def check(body: object, channel: str | None, message: object) -> Iterator[Breach]:
    """All rules of a body that answers a command on `channel` which carried `message`, each where that is known."""
    if not isinstance(body, dict):
        yield "body", "not an object"
        return
    yield from check_members(body, channel)
    yield from check_headers(body.get("resp_headers"))
    yield from check_presence(body)
    if body.get("resp_type") == "jsonrpc_response":
        yield from check_answer(body.get("resp_json"), message)
    if body.get("resp_type") == "jsonrpc_notify":
        yield from check_notification(body.get("resp_json"))


def check_members(body: dict, channel: str | None) -> Iterator[Breach]:
    """Names, order and plain types. `additionalProperties` is false in the published schema."""
    names = list(body)
    if any(name not in ORDER for name in names) or any(name not in names for name in REQUIRED):
        yield "body-members", f"{names}"
    elif names != [name for name in ORDER if name in names]:
        yield "body-order", f"{names}"
    if channel is not None and body.get("channel") != channel:
        yield "body-channel", f"expected `{channel}`, got `{body.get('channel')}`"
    code = body.get("resp_code")
    if not isinstance(code, Number) or not STATUS.fullmatch(code):
        yield "body-code", f"{code!r}"
    if body.get("resp_type") not in TYPES:
        yield "body-type", f"{body.get('resp_type')!r}"


def check_headers(headers: object) -> Iterator[Breach]:
    """Only the names of the allowlist, spelled as there, each with values that are not empty."""
    if headers is None:
        return
    if not isinstance(headers, dict) or not headers:
        yield "body-headers", "not an object with members"
        return
    for name, values in headers.items():
        if name not in HEADERS:
            yield "body-header-name", name
        if not isinstance(values, list) or not values or not all(isinstance(item, str) and item for item in values):
            yield "body-header-value", name


def check_presence(body: dict) -> Iterator[Breach]:
    """`resp_json` is an object where the type asks for one, and absent (not null) where it forbids it."""
    carries, _ = TYPES.get(body.get("resp_type"), (None, True))
    if carries is True and not isinstance(body.get("resp_json"), dict):
        yield "body-payload", "resp_json is required"
    if carries is False and "resp_json" in body:
        yield "body-payload", "resp_json is forbidden"


def check_answer(answer: object, message: object) -> Iterator[Breach]:
    """A JSON-RPC answer to the message: same id, by its text, and exactly one of result and error."""
    if not isinstance(answer, dict):
        return
    if answer.get("jsonrpc") != "2.0" or ("result" in answer) == ("error" in answer) or "method" in answer:
        yield "answer-shape", f"members {sorted(answer)}"
    if isinstance(message, dict) and "id" in message:
        yield from check_id(answer, message["id"])
    error = answer.get("error")
    if error is not None:
        yield from check_error(error)


def check_id(answer: dict, wanted: object) -> Iterator[Breach]:
    """The id comes back as it was written; it is left out only when it could not be read (-32600)."""
    if "id" not in answer:
        error = answer.get("error")
        if not isinstance(error, dict) or error.get("code") != "-32600":
            yield "answer-id", "missing"
    elif type(answer["id"]) is not type(wanted) or answer["id"] != wanted:
        yield "answer-id", f"expected {wanted!r}, got {answer['id']!r}"


def check_error(error: object) -> Iterator[Breach]:
    """An error has an integer code and a message; a synthesized one tells its origin in the published form."""
    if not isinstance(error, dict) or not re.fullmatch(r"-?[0-9]+", str(error.get("code"))):
        yield "error-code", "not an integer"
        return
    if not isinstance(error.get("message"), str):
        yield "error-message", "not a string"
    data = error.get("data")
    if isinstance(data, dict) and "tunnel_failure" in data:
        yield from check_failure(data["tunnel_failure"])


def check_failure(failure: object) -> Iterator[Breach]:
    """error.data.tunnel_failure, version 1 of the published schema."""
    if not isinstance(failure, dict) or failure.get("version") != "1" or failure.get("source") not in SOURCES:
        yield "tunnel-failure", "version or source"
        return
    received, status = failure.get("upstream_response_received"), failure.get("upstream_status")
    if not isinstance(received, bool):
        yield "tunnel-failure", "upstream_response_received is not a boolean"
    from_target = failure["source"] == "target_http"
    if from_target != (status is not None) or (from_target and received is not True):
        yield "tunnel-failure", "source, status and receipt disagree"
    if status is not None and not re.fullmatch(r"[45][0-9]{2}", str(status)):
        yield "tunnel-failure", "upstream_status outside 400 to 599"
    if failure["source"] == "transport_closed" and received is not False:
        yield "tunnel-failure", "a closed transport received nothing"
    kind = failure.get("transport_error_kind", "unknown")
    if not isinstance(kind, str) or not 1 <= len(kind) <= 64:
        yield "tunnel-failure", "transport_error_kind"


def check_notification(message: object) -> Iterator[Breach]:
    """An intermediate message is a notification and nothing else."""
    if not isinstance(message, dict):
        return
    foreign = {"id", "result", "error"} & set(message)
    if message.get("jsonrpc") != "2.0" or not isinstance(message.get("method"), str) or foreign:
        yield "notify-shape", f"members {sorted(message)}"
