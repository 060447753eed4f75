"""The state of a run: which step is next, which commands are out, what was seen. One lock, no sockets."""

import hashlib
import threading
import time
from dataclasses import dataclass, field

from . import payload, strict_json
from .contract import Breach, Request, authorized, check_head, check_poll, check_post
from .script import Command, PostFault, Script, Step, unlike

# A client that waits exactly as long as it was told may be early by the resolution of its clock.
CLOCK_SLACK_SECONDS = 0.02
MAX_ATTEMPTS = 3
MAX_RETRY_AFTER_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What goes back to the agent. `cut` says whether the connection is broken `before` or in the `body`."""

    status: int
    body: bytes = b""
    retry_after: str | None = None
    location: str | None = None
    cut: str | None = None


@dataclass
class Failed:
    """A post that was not acknowledged, so that its repetition can be compared."""

    digest: str
    kind: object
    faults: int
    may_repeat: bool


@dataclass
class Plane:
    """Everything a run remembers. Every public method takes the lock itself."""

    script: Script
    lock: threading.Condition = field(default_factory=threading.Condition)
    breaches: list[dict] = field(default_factory=list)
    polls: list[int] = field(default_factory=list)
    posts: list[dict] = field(default_factory=list)
    identities: set[tuple] = field(default_factory=set)
    turned_away: list[str] = field(default_factory=list)
    commands: dict[str, Command] = field(default_factory=dict)
    failed: dict[str, Failed] = field(default_factory=dict)
    not_before: dict[str, float] = field(default_factory=dict)
    instance: str | None = None
    polling: int = 0
    metadata: int = 0
    stopped: bool = False
    finished: bool = False

    def note(self, request: Request, breaches: list[Breach]) -> None:
        """Records breaches of one request."""
        with self.lock:
            for rule, seen in breaches:
                self.breaches.append({"rule": rule, "seen": seen, "request": f"{request.method} {request.path}"})

    def head(self, request: Request) -> Answer | None:
        """Checks the head of any request; an answer when it ends there."""
        self.note(request, list(check_head(request, self.script.terms)))
        instance = request.first("x-tunnel-client-instance-id")
        with self.lock:
            self.instance = self.instance or instance
            if instance != self.instance:
                self.breaches.append({"rule": "instance-changed", "seen": instance, "request": request.path})
        return None if authorized(request, self.script.terms) else problem(401, "tunnel_use_forbidden")

    def poll(self, request: Request) -> Answer:
        """One poll: the next step, after holding it as long as it takes."""
        self.note(request, [*check_poll(request), *self.early("poll")])
        with self.lock:
            self.polling += 1
            try:
                if self.polling > 1:
                    self.note(request, [("poll-concurrent", "a second poll while one is held")])
                self.finished = self.finished or self.settled()
                self.lock.notify_all()
                answer = self.next_answer(request)
                self.polls.append(answer.status)
                self.remember_wait("poll", answer.retry_after)
                return answer
            finally:
                self.polling -= 1

    def next_answer(self, request: Request) -> Answer:
        """The next step as soon as it is due, or 204 when the hold is over. Called with the lock."""
        self.lock.wait_for(self.due, self.hold(request))
        if not self.due():
            return Answer(204)
        step = self.script.steps[0]
        limit = int(request_limit(request))
        sent, step.deliver = step.deliver[:limit], step.deliver[limit:]
        if not step.deliver:
            self.script.steps.pop(0)
        for command in sent:
            # The same request id may come twice on purpose; the first command keeps the record.
            self.commands.setdefault(command.request_id, command)
        return rendered(step, sent)

    def hold(self, request: Request) -> float:
        """How long an empty poll is held: as the client asks, but no longer than the script says."""
        asked = dict(item.split("=", 1) for item in request.query.split("&") if "=" in item).get("timeout_ms", "1")
        return min(int(asked) / 1000 if asked.isdigit() else 0.0, self.script.hold_seconds)

    def due(self) -> bool:
        """Whether the next step may be played."""
        if self.finished or not self.script.steps:
            return False
        return all(name in self.commands and self.commands[name].closed for name in self.script.steps[0].after)

    def settled(self) -> bool:
        """Whether everything was delivered and everything expected came back."""
        return not self.script.steps and all(command.fulfilled() for command in self.commands.values())

    def post(self, request: Request, body: bytes) -> Answer:
        """One response post, checked, recorded and acknowledged, or failed as the script says."""
        try:
            value = strict_json.loads(body)
        except strict_json.Refused as fault:
            self.note(request, [("body-json", str(fault))])
            return problem(400, "invalid_json_payload")
        with self.lock:
            request_id = value.get("request_id") if isinstance(value, dict) else None
            command = self.commands.get(request_id) if isinstance(request_id, str) else None
            if command is None:
                self.note(request, [("post-unknown", "no command of this run has this request_id")])
                return problem(404, "pending_request_not_found")
            answer = self.settle(request, command, value, hashlib.sha256(body).hexdigest())
            self.lock.notify_all()
            return answer

    def settle(self, request: Request, command: Command, value: dict, digest: str) -> Answer:
        """A post for a known command. Called with the lock."""
        self.note(request, list(check_post(request, command.client_request_id)))
        self.note(request, list(payload.check(value, command.channel, command.message)))
        if request.values("x-tunnel-shard-token") != [command.shard_token]:
            self.note(request, [("shard-token", "not the token of this command")])
            return problem(400, "tunnel_request_mismatch")
        self.note(request, [*self.repetition(command, value, digest), *self.early(command.request_id)])
        if command.closed:
            return problem(404, "pending_request_not_found")
        fault = self.take_fault(command.request_id)
        if fault is None or fault.cut == "after":
            self.record(command, value)
        if fault is None:
            return Answer(200, b'{"status":"ok"}')
        return self.fail(command, value, digest, fault)

    def repetition(self, command: Command, value: dict, digest: str) -> list[Breach]:
        """Whether this post may come now, seen from those before it."""
        before = self.failed.get(command.request_id)
        again = before is not None and before.kind == value.get("resp_type")
        if again and before.digest != digest and payload.closes(value):
            return [("retry-differs", "a repeated post has another body")]
        if again and before.digest == digest and not before.may_repeat:
            return [("retry-forbidden", "this post must not be repeated")]
        if again and before.faults >= MAX_ATTEMPTS:
            return [("retry-often", f"more than {MAX_ATTEMPTS} attempts")]
        if command.closed and not again:
            return [("post-closed", "the command has its answer already")]
        return []

    def take_fault(self, request_id: str) -> PostFault | None:
        """The next scripted fault for a command, used up."""
        for fault in self.script.post_faults:
            if fault.request_id == request_id:
                self.script.post_faults.remove(fault)
                return fault
        return None

    def fail(self, command: Command, value: dict, digest: str, fault: PostFault) -> Answer:
        """Fails a post and remembers it, so that its repetition is judged."""
        before = self.failed.get(command.request_id)
        count = before.faults + 1 if before is not None and before.digest == digest else 1
        # A notification is repeated only on 429; other posts on what may pass.
        retryable = {429} if not payload.closes(value) else {0, 408, 429, 502, 503, 504}
        may_repeat = fault.status in retryable
        self.failed[command.request_id] = Failed(digest, value.get("resp_type"), count, may_repeat)
        self.remember_wait(command.request_id, fault.retry_after)
        if fault.cut is not None:
            return Answer(0, cut="before")
        return problem(fault.status, "tunnel_transport_unavailable", fault.retry_after)

    def record(self, command: Command, value: dict) -> None:
        """Keeps a post and compares it with the one expected in its place."""
        wanted = command.expect[len(command.posts)] if len(command.posts) < len(command.expect) else None
        command.posts.append(value)
        command.closed = command.closed or payload.closes(value)
        kept = {name: value.get(name) for name in ("request_id", "channel", "resp_type", "resp_code", "resp_headers")}
        self.posts.append(kept | {"resp_json": strict_json.dumps(value.get("resp_json"))[:2000]})
        differences = ["not expected at all"] if wanted is None else list(unlike(wanted, value))
        for seen in differences:
            self.breaches.append({"rule": "unexpected-post", "seen": seen[:500], "request": command.request_id})

    def early(self, who: str) -> list[Breach]:
        """Whether a Retry-After was not waited for. Only too early is a breach: late is the machine's business."""
        left = self.not_before.get(who, 0.0) - time.monotonic()
        return [("retry-after", f"{left:.3f} s too early")] if left > CLOCK_SLACK_SECONDS else []

    def remember_wait(self, who: str, retry_after: str | None) -> None:
        """Notes until when the agent has to stay away."""
        seconds = int(retry_after) if retry_after is not None and retry_after.isdigit() else 0
        self.not_before[who] = time.monotonic() + min(seconds, MAX_RETRY_AFTER_SECONDS)

    def report(self) -> dict:
        """The outcome. It holds no key and no token."""
        missing = [command.request_id for command in self.commands.values() if not command.fulfilled()]
        undelivered = len(self.script.steps)
        return {
            "ok": not self.breaches and not missing and not undelivered,
            "breaches": self.breaches,
            "missing": missing,
            "undelivered_steps": undelivered,
            "polls": self.polls,
            "metadata_requests": self.metadata,
            "posts": self.posts,
            "identities": sorted(map(list, self.identities)),
            "turned_away": self.turned_away,
        }


def request_limit(request: Request) -> str:
    """The poll's limit, 1 where it is unusable (which is recorded elsewhere)."""
    asked = dict(item.split("=", 1) for item in request.query.split("&") if "=" in item).get("limit", "1")
    return asked if asked.isdigit() and 1 <= int(asked) <= 25 else "1"


def rendered(step: Step, sent: list[Command]) -> Answer:
    """A step as an answer."""
    if step.cut is None and step.status not in (200, 204):
        refused = problem(step.status, "scripted", step.retry_after)
        return Answer(refused.status, refused.body, step.retry_after, step.location)
    body = b'{"commands":[' + b",".join(command.text for command in sent) + b"]}"
    return Answer(step.status, b"" if step.status == 204 else body, cut=step.cut)


def problem(status: int, code: str, retry_after: str | None = None) -> Answer:
    """An error body as published: APIErrorResponse."""
    body = f'{{"error":{{"message":"refused by the test control plane","type":"test","param":null,"code":"{code}"}}}}'
    return Answer(status, body.encode(), retry_after)
