"""Moves calls onto Drover from inside your own program, a few percent at a time. Copy this file; it needs Python 3.8 and nothing else.

docs/migrate/client-edge.md goes through it step by step.

    edge = DroverEdge(
        migration="onto-drover",
        baseline=Place("https://api.openai.com/v1", os.environ["OPENAI_API_KEY"]),
        candidate=Place("https://relay.example.com/v1", os.environ["DROVER_API_KEY"]),
    )
    answer = edge.call(
        conversation_id,
        lambda arm: OpenAI(base_url=arm.base_url, api_key=arm.api_key, max_retries=0).chat.completions.create(...),
    )

- A conversation goes to the candidate where its bucket lies under DROVER_PERCENT: raising the percentage moves further ones
  over and none back. DROVER_PERCENT=0 sends all to the baseline; DROVER_PERCENT_FILE names a file that says it to a running program.
- A relay that is down is gone around: the call goes to the baseline once, and for a few seconds no other call tries the relay.
- What came of each call, on both arms, is reported to the relay by a thread of its own: never waited for, never raised.
"""

import hashlib
import json
import math
import os
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any, AsyncIterator, Awaitable, Callable, Dict, Iterator, List, NamedTuple, Optional

# Of one report, and of all that wait: of more the oldest are dropped, and counted.
BATCH_MAX = 100
WAITING_MAX = 1_000
REPORT_EVERY_S = 2.0
REPORT_TIMEOUT_S = 5.0
# What began longer ago is not taken by the relay any more.
AGO_S_MAX = 3_500.0
# How long no call tries a relay that was down, and how old the file's percentage may be.
DOWN_S = 5.0
PERCENT_AGE_S = 1.0
CAUSES_MAX = 5


class Place(NamedTuple):
    base_url: str
    api_key: Optional[str]


class Arm(NamedTuple):
    name: str  # "baseline" or "candidate"
    base_url: str
    api_key: str


def unit_of(conversation: str) -> str:
    """What the relay calls the conversation: a digest, so that no name leaves the program."""
    # Cut as JavaScript cuts, after 512 units of UTF-16.
    name = conversation.encode("utf-16-le")[:1024].decode("utf-16-le", "replace")
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def bucket_of(salt: str, unit: str) -> int:
    """0 to 9999: the same in every language and on every machine, for a salt and a unit."""
    return int.from_bytes(hashlib.sha256(f"{salt}\0{unit}".encode()).digest()[:6], "big") % 10_000


def basis_points(percent: Any) -> int:
    """'5' -> 500, 0.5 -> 50; what is no decimal number from 0 to 100 -> 0."""
    text = str(percent).strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) is None or float(text) > 100:
        return 0
    return math.floor(float(text) * 100 + 0.5)


# What an SDK gave or raised, whichever it was.


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def _number(*values: Any) -> Optional[int]:
    return next((value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)), None)


def _tokens(usage: Any) -> Dict[str, Optional[int]]:
    """Usage of Chat Completions, Responses and Messages in the relay's terms: `input` includes what was cached."""
    entry = _number(_get(usage, "prompt_tokens"), _get(usage, "input_tokens"))
    read = _number(_get(usage, "cache_read_input_tokens"))
    beside = (read or 0) + (_number(_get(usage, "cache_creation_input_tokens")) or 0)
    inside = _get(usage, "prompt_tokens_details") or _get(usage, "input_tokens_details")
    outside = _get(usage, "completion_tokens_details") or _get(usage, "output_tokens_details")
    return {
        "input": None if entry is None else entry + beside,
        "cached_input": _number(_get(inside, "cached_tokens"), read),
        "output": _number(_get(usage, "completion_tokens"), _get(usage, "output_tokens")),
        "reasoning": _number(_get(outside, "reasoning_tokens")),
    }


def _says(chunk: Any) -> bool:
    """Whether a chunk of a stream holds some of the answer: text, thought, a call, the end."""
    kind, choices = _get(chunk, "type"), _get(chunk, "choices")
    if isinstance(kind, str):
        return re.search(r"delta$|completed$|stop$", kind) is not None
    if not isinstance(choices, list):
        return True
    for choice in choices:
        delta = _get(choice, "delta")
        fields = delta if isinstance(delta, dict) else {**getattr(delta, "__dict__", {}), **(_get(delta, "model_extra") or {})}
        if _get(choice, "finish_reason") or any(value for name, value in fields.items() if name != "role"):
            return True
    return False


def _is_truncated(chunk: Any) -> bool:
    choices = _get(chunk, "choices")
    if isinstance(choices, list) and any(_get(choice, "finish_reason") == "length" for choice in choices):
        return True
    stops = (_get(chunk, "stop_reason"), _get(_get(chunk, "delta"), "stop_reason"))
    return "max_tokens" in stops or _get(chunk, "status") == "incomplete"


def _status(error: BaseException) -> Optional[int]:
    response = getattr(error, "response", None)
    return _number(getattr(error, "status_code", None), getattr(error, "code", None), getattr(response, "status_code", None))


def _is_unreachable(error: Optional[BaseException]) -> bool:
    """The connection was not made, or broke."""
    for _ in range(CAUSES_MAX):
        if error is None:
            return False
        if isinstance(error, (ConnectionError, urllib.error.URLError)) and not isinstance(error, urllib.error.HTTPError):
            return True
        if re.match(r"Connect(Error|Timeout|ionError)|APIConnectionError|ReadError|WriteError|RemoteProtocolError", type(error).__name__):
            return True
        error = error.__cause__
    return False


def _outcome(error: BaseException) -> Optional[str]:
    """How a call ended, in the relay's words; None = the program itself raised, which says nothing of the arm."""
    status = _status(error)
    if status is None:
        if isinstance(error, GeneratorExit) or "Cancel" in type(error).__name__:
            return "left"
        if _is_unreachable(error):
            return "unreachable"
        if "Timeout" in type(error).__name__:
            return "timeout"
        return "malformed" if isinstance(error, json.JSONDecodeError) else None
    words = {408: "timeout", 429: "rate_limited", 503: "overloaded", 504: "timeout", 529: "overloaded"}
    return words.get(status) or ("upstream_error" if status >= 500 else "rejected")


class _RelayDown(Exception):
    pass


def _is_down(error: BaseException) -> bool:
    """Whether the relay is down, rather than the call wrong."""
    return isinstance(error, _RelayDown) or _status(error) in (502, 503) or _outcome(error) == "unreachable"


class _Split(NamedTuple):
    """What a call went by: the relay judges it in the step that has this percentage, however late it is told."""

    arm: str
    percent: float
    epoch: Optional[int]


class _Turn:
    """One call as it goes."""

    def __init__(self, split: _Split, unit: Optional[str], stream: bool, now: Callable[[], float]) -> None:
        self.arm, self.split, self.unit, self.stream, self.now = split.arm, split, unit, stream, now
        self.start_ms, self.begun = int(time.time() * 1000), now()
        self.first: Optional[float] = None
        self.last: Optional[float] = None
        self.gap: Optional[float] = None
        self.tokens = _tokens(None)
        self.truncated = False

    def see(self, chunk: Any) -> None:
        """A whole answer, or a chunk of one."""
        now = self.now()
        if self.first is not None and self.last is not None:
            self.gap = max(self.gap or 0.0, now - self.last)
        if self.first is None and _says(chunk):
            self.first = now
        self.last = now
        for holder in (chunk, _get(chunk, "response"), _get(chunk, "message")):
            for name, count in _tokens(_get(holder, "usage")).items():
                self.tokens[name] = self.tokens[name] if count is None else count
            self.truncated = self.truncated or _is_truncated(holder)

    def observation(self, outcome: str, status: Optional[int]) -> Dict[str, Any]:
        first = self.first if self.stream else None
        output = self.tokens["output"]
        span = None if first is None or self.last is None else self.last - first
        return {
            "id": str(uuid.uuid4()),
            "arm": self.arm,
            "unit": self.unit,
            "percent": self.split.percent,
            "epoch": self.split.epoch,
            "start_ms": self.start_ms,
            "duration_ms": round((self.now() - self.begun) * 1000),
            "stream": self.stream,
            "outcome": outcome,
            "status": status,
            "ttft_ms": None if first is None else round((first - self.begun) * 1000),
            "tpot_micros": None if span is None or output is None or output < 2 else round(span * 1e6 / (output - 1)),
            "longest_gap_ms": None if first is None or self.gap is None else round(self.gap * 1000),
            "tokens": self.tokens,
            "usage_missing": outcome == "ok" and output is None,
            "truncated": self.truncated,
        }


def _epoch(body: bytes) -> Optional[int]:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    found = answer.get("epoch") if isinstance(answer, dict) else None
    return found if isinstance(found, int) else None


class _Reports:
    """Observations on their way to the relay, sent by a thread that does not keep the program alive."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key
        self.dropped = 0
        self.error: Optional[str] = None
        self.epoch: Optional[int] = None  # Of the relay's evidence, as it last said.
        self._waiting: List[Dict[str, Any]] = []
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._process: Optional[int] = None

    def add(self, *observations: Dict[str, Any], in_front: bool = False) -> None:
        with self._lock:
            found = list(observations)
            every = found + self._waiting if in_front else self._waiting + found
            self.dropped += max(0, len(every) - WAITING_MAX)
            self._waiting = every[-WAITING_MAX:]
            # A forked process has the list, and not the thread.
            if self._process != os.getpid():
                self._process = os.getpid()
                threading.Thread(target=self._repeat, name="drover-edge", daemon=True).start()

    def flush(self) -> None:
        """Sends what waits; returns when it is sent or could not be. Never raises."""
        with self._sending:
            while True:
                with self._lock:
                    self._drop_old()
                    batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
                if not batch:
                    return
                status = self._send(batch)
                if 200 <= status < 300:
                    continue
                if 400 <= status < 500 and status != 429:
                    self.dropped += len(batch)
                    continue
                # The relay is away: later, before what has come meanwhile.
                self.add(*batch, in_front=True)
                return

    def _drop_old(self) -> None:
        oldest = (time.time() - AGO_S_MAX) * 1000
        kept = [one for one in self._waiting if one["start_ms"] > oldest]
        self.dropped += len(self._waiting) - len(kept)
        self._waiting = kept

    def _repeat(self) -> None:
        while True:
            time.sleep(REPORT_EVERY_S if self.error is None else DOWN_S)
            self.flush()

    def say(self, conversation: str, bad: bool) -> bool:
        """Where feedback goes is beside where outcomes go."""
        body = json.dumps({"feedback": [{"conversation": conversation, "bad": bad}]}).encode()
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        url = re.sub("observations$", "feedback", self.url)
        try:
            request = urllib.request.Request(url, data=body, headers=headers, method="POST")
            with urllib.request.urlopen(request, timeout=REPORT_TIMEOUT_S) as answer:
                return answer.status < 300
        except Exception:  # Whatever it is, it is no matter of the caller's.
            return False

    def _send(self, observations: List[Dict[str, Any]]) -> int:
        """The status of the answer; 0 = none came."""
        body = json.dumps({"observations": observations, "dropped": self.dropped}).encode()
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        try:
            request = urllib.request.Request(self.url, data=body, headers=headers, method="POST")
            with urllib.request.urlopen(request, timeout=REPORT_TIMEOUT_S) as answer:
                self.error = None
                self.epoch = _epoch(answer.read())
                return answer.status
        except urllib.error.HTTPError as refusal:
            self.error = f"{self.url} answered {refusal.code}"
            return refusal.code
        except Exception as fault:  # Whatever it is, it is no matter of the caller's.
            self.error = repr(fault)
            return 0


class DroverEdge:
    """Splits calls between two places, and tells the relay what came of them. One for the whole program.

    percent: gives 0 to 100, asked before every call; absent: DROVER_PERCENT_FILE, else DROVER_PERCENT. What is no such number is 0.
    now: monotonic seconds; absent: the program's own clock.
    salt: decides who moves first; absent: the migration's name.
    report_url, report_key: where outcomes go; absent: the candidate's host and key. report=False: nowhere.
    """

    def __init__(
        self,
        migration: str,
        baseline: Place,
        candidate: Place,
        *,
        percent: Optional[Callable[[], Any]] = None,
        salt: Optional[str] = None,
        report: bool = True,
        report_url: Optional[str] = None,
        report_key: Optional[str] = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = now
        self._places = {"baseline": baseline, "candidate": candidate}
        self._salt = migration if salt is None else salt
        self._percent_of = percent
        self._file: Optional[str] = None
        self._file_until = -math.inf
        self._down_until = -math.inf
        path = f"/api/v1/migrations/{urllib.parse.quote(migration, safe='')}/observations"
        url = report_url or urllib.parse.urljoin(candidate.base_url, path)
        self._reports = _Reports(url, report_key or candidate.api_key or "") if report else None

    def arm(self, conversation: Optional[str]) -> Arm:
        """Where a conversation belongs now; None = nothing names it, and chance decides for this call alone."""
        return self._place(self._split(conversation).arm)

    def call(self, conversation: Optional[str], run: Callable[[Arm], Any]) -> Any:
        """Runs one call at its arm, or at the baseline where the relay is down. Raises what `run` raised last."""
        turn = self._begin(conversation, False)
        try:
            answer = run(self._tried(turn))
        except BaseException as error:
            return run(self._around(turn, error))
        return self._whole(turn, answer)

    async def acall(self, conversation: Optional[str], run: Callable[[Arm], Awaitable[Any]]) -> Any:
        """The same, for programs of asyncio."""
        turn = self._begin(conversation, False)
        try:
            answer = await run(self._tried(turn))
        except BaseException as error:
            return await run(self._around(turn, error))
        return self._whole(turn, answer)

    def stream(self, conversation: Optional[str], run: Callable[[Arm], Any]) -> Iterator[Any]:
        """The same for a stream: the way around ends with its first chunk."""
        turn = self._begin(conversation, True)
        try:
            for chunk in run(self._tried(turn)):
                turn.see(chunk)
                yield chunk
        except BaseException as error:
            if turn.last is not None:
                self._cut(turn, error)
                raise
            yield from run(self._around(turn, error))
            return
        self._tell(turn, "empty" if turn.last is None else "ok", 200)

    async def astream(self, conversation: Optional[str], run: Callable[[Arm], Awaitable[Any]]) -> AsyncIterator[Any]:
        """The same, for programs of asyncio."""
        turn = self._begin(conversation, True)
        try:
            async for chunk in await run(self._tried(turn)):
                turn.see(chunk)
                yield chunk
        except BaseException as error:
            if turn.last is not None:
                self._cut(turn, error)
                raise
            async for chunk in await run(self._around(turn, error)):
                yield chunk
            return
        self._tell(turn, "empty" if turn.last is None else "ok", 200)

    def feedback(self, conversation: str, bad: bool) -> bool:
        """Says that somebody called the answers of a conversation bad, or good: once for each conversation. Gives whether the relay has taken it; never raises."""
        return self._reports is not None and self._reports.say(unit_of(conversation), bad)

    def flush(self) -> None:
        """Sends what is not reported yet: before the program ends."""
        if self._reports is not None:
            self._reports.flush()

    def state(self) -> Dict[str, Any]:
        """For your own monitoring. `dropped` = observations that the relay never got."""
        reports = self._reports
        return {
            "is_down": self._now() < self._down_until,
            "dropped": 0 if reports is None else reports.dropped,
            "report_error": None if reports is None else reports.error,
        }

    def _begin(self, conversation: Optional[str], stream: bool) -> _Turn:
        unit = None if conversation is None else unit_of(conversation)
        return _Turn(self._split(conversation), unit, stream, self._now)

    def _split(self, conversation: Optional[str]) -> _Split:
        bucket = bucket_of(self._salt, unit_of(str(uuid.uuid4()) if conversation is None else conversation))
        weight = basis_points(self._percent())
        epoch = None if self._reports is None else self._reports.epoch
        return _Split("candidate" if bucket < weight else "baseline", weight / 100, epoch)

    def _tried(self, turn: _Turn) -> Arm:
        """The turn's arm; a relay that was down a moment ago is not tried."""
        if turn.arm == "candidate" and self._now() < self._down_until:
            raise _RelayDown()
        return self._place(turn.arm)

    def _around(self, turn: _Turn, error: BaseException) -> Arm:
        """After a failure before anything came: the way around the relay, if that is what failed. Raises the error where it is not."""
        if turn.arm == "baseline" or not _is_down(error):
            self._tell(turn, _outcome(error), _status(error))
            raise error
        if not isinstance(error, _RelayDown):
            self._down_until = self._now() + DOWN_S
        # What the other arm must answer has failed at the one that it belongs to.
        self._tell(turn, "moved", _status(error))
        return self._place("baseline")

    def _whole(self, turn: _Turn, answer: Any) -> Any:
        turn.see(answer)
        self._tell(turn, "ok", 200)
        return answer

    def _cut(self, turn: _Turn, error: BaseException) -> None:
        self._tell(turn, "left" if _outcome(error) == "left" else "cut", _status(error) or 200)

    def _tell(self, turn: _Turn, outcome: Optional[str], status: Optional[int]) -> None:
        if outcome is not None and self._reports is not None:
            self._reports.add(turn.observation(outcome, status))

    def _place(self, name: str) -> Arm:
        place = self._places[name]
        return Arm(name, place.base_url, place.api_key or "")

    def _percent(self) -> Any:
        if self._percent_of is not None:
            return self._percent_of()
        path = os.environ.get("DROVER_PERCENT_FILE")
        if path is None:
            return os.environ.get("DROVER_PERCENT")
        if self._now() >= self._file_until:
            self._file_until = self._now() + PERCENT_AGE_S
            try:
                with open(path, encoding="utf8") as file:
                    self._file = file.read()
            except OSError:
                self._file = None  # Says nothing, which is 0: all goes to the baseline.
        return self._file
