"""The test matrix: everything a desk does with a server, once, through the real link.

`run_matrix` gives a finding for each question: a short word that does not depend on time, noise
or chance, so that the findings against two servers (or one server with a switch) can be laid side
by side. What a server cannot do is found as the kind of the domain's error and the capability's
reason; any other exception goes through and fails the test.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from matrix.subject import Account, Known, Refused, Subject, Writable, profile, until
from tagwerk.domain.alarms import (
    Alarm,
    AlarmAction,
    AlarmKey,
    Notification,
    single_batches,
)
from tagwerk.domain.connection import Capability, LinkState
from tagwerk.domain.errors import NotAllowed, NotReachable, TagwerkError, UsageError
from tagwerk.domain.ports import WriteItem
from tagwerk.domain.tags import TagKind, short_name
from tagwerk.domain.text import parse_time
from tagwerk.link.connector import HttpConnector

Findings = dict[str, str]
SECOND_NS = 1_000_000_000
HOUR_NS = 3600 * SECOND_NS
LOG_SPAN_S = 240
OPEN_S = 45.0
LONG_WAIT_S = 10.0
"""Longer than any back-off between attempts."""
WAIT_S = 8.0
WRITTEN_S = 4.0
NEVER = "never"


class Recorder:
    """A `PlantSink` that keeps what the link delivered."""

    def __init__(self) -> None:
        self.latest: dict[str, Any] = {}
        self.values: dict[str, list[Any]] = {}
        self.alarms: dict[AlarmKey, Alarm] = {}
        self.lists = 0
        self.statuses: list[Any] = []

    def on_samples(self, samples: list[Any]) -> None:
        """See `ports.PlantSink`."""
        for sample in samples:
            self.values.setdefault(sample.name, []).append(sample.value)
            self.latest[sample.name] = sample

    def on_alarms(self, events: list[Any]) -> None:
        """See `ports.PlantSink`."""
        for event in events:
            if event.reason is Notification.REMOVED or event.alarm.is_gone:
                self.alarms.pop(event.alarm.key, None)
            else:
                self.alarms[event.alarm.key] = event.alarm

    def on_alarms_restart(self, complete: list[Alarm]) -> None:
        """See `ports.PlantSink`."""
        self.alarms = {alarm.key: alarm for alarm in complete}
        self.lists += 1

    def on_status(self, status: Any) -> None:
        """See `ports.PlantSink`."""
        self.statuses.append(status)

    @property
    def state(self) -> LinkState:
        return self.statuses[-1].state if self.statuses else LinkState.OFFLINE


class Run:
    """One walk through the matrix."""

    def __init__(self, subject: Subject, patience: float) -> None:
        self.subject = subject
        self.wait_s = WAIT_S * patience
        self.written_s = WRITTEN_S * patience
        self.names = subject.names
        self.found: Findings = {}
        self.sink = Recorder()
        self.link: Any = None

    @property
    def client(self) -> Any:
        return self.link.client

    def note(self, key: str, word: str) -> None:
        """Write a finding down; each question is answered once."""
        assert key not in self.found, f"asked twice: {key}"
        self.found[key] = word

    async def ask(self, key: str, question: Callable[[], Awaitable[str]]) -> None:
        """Answer a question; an error of the domain is an answer too."""
        try:
            word = await question()
        except TagwerkError as problem:
            word = type(problem).__name__
        except NoLog as problem:
            word = f"no log: {problem}"
        self.note(key, word)

    async def wait(self, key: str, condition: Callable[[], Any]) -> bool:
        """Write down whether a condition came true in time."""
        came = await comes(condition, self.wait_s)
        self.note(key, "ok" if came else NEVER)
        return came

    def same(self, found: Any, wanted: Any) -> str:
        """``ok``, how a value differs in its form only, or both sides."""
        return "ok" if alike(found, wanted) else form_of(found, wanted)


def form_of(found: Any, wanted: Any) -> str:
    """The same value in another form, in a word."""
    if found is None:
        return "null"
    if wanted is None and isinstance(found, float) and math.isnan(found):
        return "nan"
    if isinstance(wanted, int) and isinstance(found, float) and math.isclose(found, wanted):
        return "rounded"
    if isinstance(found, str) and isinstance(wanted, int) and found == str(wanted):
        return "as text"
    if isinstance(wanted, str) and isinstance(found, int | float):
        return "as number"
    if isinstance(found, str) and isinstance(wanted, str):
        with contextlib.suppress(UsageError):
            if parse_time(found) == parse_time(wanted):
                return "other spelling"
    return f"{found!r} instead of {wanted!r}"


def alike(found: Any, wanted: Any) -> bool:
    """Equal in type and value, with NaN equal to NaN; numbers may differ by a float's rounding."""
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(alike(a, b) for a, b in zip(found, wanted, strict=True))
        )
    if isinstance(wanted, bool) or isinstance(found, bool):
        return found is wanted
    if isinstance(wanted, float) and isinstance(found, int | float):
        if math.isnan(wanted):
            return math.isnan(found)
        return math.isclose(found, wanted, rel_tol=1e-12)
    return type(found) is type(wanted) and found == wanted


async def comes(condition: Callable[[], Any], seconds: float) -> bool:
    """Whether a condition comes true in time."""
    with contextlib.suppress(AssertionError):
        await until(condition, "", timeout_s=seconds)
        return True
    return False


async def run_matrix(subject: Subject, *, patience: float = 1.0) -> Findings:
    """Everything once against a running server.

    Args:
        patience: share of the usual time that something may take to come true.
    """
    run = Run(subject, patience)
    async with _opened(subject, subject.operator, run.sink) as run.link:
        run.link.want(frozenset(_wanted(run)))
        run.link.start()
        if not await _connect(run):
            return run.found
        await _browse(run)
        await _read(run)
        await _push(run)
        await _write(run)
        await _history(run)
        await _alarms(run)
        await _session(run)
    gone = await comes(lambda: run.subject.open_sessions() == 0, run.wait_s)
    run.note("logout", "ok" if gone else "still logged in")
    await _viewer(run)
    return run.found


@asynccontextmanager
async def _opened(subject: Subject, account: Account, sink: Recorder) -> AsyncIterator[Any]:
    link = HttpConnector().open(profile(subject, account), account.password, sink)
    try:
        yield link
    finally:
        await link.close()


def _wanted(run: Run) -> set[str]:
    names = run.names
    return {
        *(known.name for known in names.known.values()),
        names.writable.name,
        names.pushed.name,
        names.moving,
        names.unknown,
    }


# Connect


def _settled(statuses: list[Any]) -> bool:
    """Live, refused, or told to wait so long that nothing else comes of it here."""
    if not statuses:
        return False
    last = statuses[-1]
    if last.state is LinkState.RECONNECTING and last.next_attempt_ns is not None:
        return last.next_attempt_ns - time.time_ns() > LONG_WAIT_S * SECOND_NS
    return last.state in (LinkState.LIVE, LinkState.REFUSED)


async def _connect(run: Run) -> bool:
    await comes(lambda: _settled(run.sink.statuses), OPEN_S)
    status = run.sink.statuses[-1]
    run.note("connect", status.state.value)
    if status.state is not LinkState.LIVE:
        error = status.error
        run.note("connect.error", f"{type(error).__name__} {getattr(error, 'code', '')}".strip())
        return False
    run.note("connect.polled", "yes" if "polled" in str(status.detail) else "no")
    capabilities = run.client.capabilities
    for capability in Capability:
        run.note(f"can.{capability.value}", capabilities.reason(capability) or "yes")
    return True


# Browse


async def _browse(run: Run) -> None:
    names = run.names
    items: list[Any] = []

    async def everything() -> str:
        for _ in range(3):
            chunks: list[Any] = []
            items[:] = await run.client.browse()
            await run.client.browse(on_items=chunks.extend)
            if set(chunks) == set(items):
                break  # a plant that renames a tag between the two does so once
        assert set(chunks) == set(items)
        found = [item.name for item in items]
        assert len(found) == len(set(found)), "an object came twice"
        wanted = run.subject.browsed()
        if {short_name(name) for name in found} == {short_name(name) for name in wanted}:
            return "ok"
        missing, surplus = wanted - set(found), set(found) - wanted
        return f"missing {sorted(missing)[:3]}, surplus {sorted(surplus)[:3]}"

    async def kinds() -> str:
        await run.client.browse(["no such name"])
        kind = {short_name(item.name): item.kind for item in items}
        seen = (
            kind.get(short_name(names.umlaut)),
            kind.get(short_name(names.structure)),
            kind.get(short_name(names.logging_tag)),
            kind.get(short_name(names.alarm)),
        )
        wanted = (TagKind.TAG, TagKind.STRUCTURE, TagKind.LOGGING_TAG, TagKind.ALARM)
        return run.same([str(one) for one in seen], [str(one) for one in wanted])

    async def filtered() -> str:
        found = await run.client.browse([short_name(names.umlaut)], [TagKind.TAG])
        return run.same([short_name(item.name) for item in found], [short_name(names.umlaut)])

    async def wildcard() -> str:
        stem = short_name(names.structure)
        found = await run.client.browse([f"{stem}*"])
        wanted = {
            short_name(name)
            for name in run.subject.browsed()
            if short_name(name).lower().startswith(stem.lower())
        }
        return run.same(sorted(short_name(i.name) for i in found), sorted(wanted))

    await run.ask("browse.all", everything)
    await run.ask("browse.kinds", kinds)
    await run.ask("browse.one", filtered)
    await run.ask("browse.wildcard", wildcard)


# Read


async def _read(run: Run) -> None:
    names = run.names
    full = [known.name for known in names.known.values()]

    def check(key: str, sample: Any, asked: str) -> None:
        known = names.known[key]
        word = judged(run, sample, known)
        if sample.name != asked:
            word = f"came as {sample.name}"
        elif sample.time_ns is None:
            word += ", without a time"
        run.note(f"read.{key}", word)

    first = dict(zip(full, await run.client.read(full), strict=True))
    for key, name in zip(names.known, full, strict=True):
        check(key, first[name], name)

    async def short() -> str:
        # The short name of another system's tag would be this system's tag.
        mine = [one for key, one in names.known.items() if key != "other_system"]
        asked = [short_name(known.name) for known in mine]
        samples = await run.client.read(asked)
        assert [sample.name for sample in samples] == asked
        return run.same([one.value for one in samples], [first[known.name].value for known in mine])

    async def mixed() -> str:
        # The same tag under both names, and one bad name between good ones.
        asked = [full[0], names.unknown, short_name(full[0]), full[1]]
        samples = await run.client.read(asked)
        assert [sample.name for sample in samples] == asked
        return " ".join("ok" if one.error is None else one.error.code for one in samples)

    async def item_error(name: str) -> str:
        (sample,) = await run.client.read([name])
        return "a value" if sample.error is None else sample.error.code

    async def direct() -> str:
        samples = await run.client.read(full[:3], direct=True)
        return run.same([one.value for one in samples], [first[name].value for name in full[:3]])

    await run.ask("read.short", short)
    await run.ask("read.mixed", mixed)
    await run.ask("read.unknown", lambda: item_error(names.unknown))
    await run.ask("read.structure", lambda: item_error(names.structure))
    await run.ask("read.direct", direct)


def judged(run: Run, sample: Any, known: Known) -> str:
    """A sample against what is known of its tag."""
    if sample.error is not None:
        return f"error {sample.error.code}"
    if sample.quality.text != known.quality:
        return f"quality {sample.quality.text}".strip()
    return run.same(sample.value, known.value)


# Push (or polling, where there is none)


async def _push(run: Run) -> None:
    names, sink = run.names, run.sink

    every = [known.name for known in names.known.values()]
    await comes(lambda: all(name in sink.latest for name in every), run.written_s)
    for key, known in names.known.items():
        sample = sink.latest.get(known.name)
        run.note(f"push.{key}", NEVER if sample is None else judged(run, sample, known))
    await comes(lambda: names.unknown in sink.latest, run.written_s)
    bad = sink.latest.get(names.unknown)
    run.note("push.unknown", NEVER if bad is None else bad.error.code if bad.error else "a value")
    await run.wait(
        "push.change", lambda: len(set(map(repr, sink.values.get(names.moving, ())))) > 1
    )


# Write


async def _write(run: Run) -> None:
    names = run.names

    async def there_and_back(tag: Writable) -> str:
        words = []
        for value in (tag.after, tag.before):
            words.append(await write_one(tag.name, value))
            if not await _reads(run, tag.name, value):
                words[-1] += f", {NEVER}"
        return words[0] if words[0] == words[1] else "; ".join(words)

    async def write_one(name: str, value: Any) -> str:
        try:
            replies = await run.client.write([WriteItem(name, value)])
        except NotReachable as problem:
            return "uncertain" if problem.may_have_arrived else "not sent"
        if not replies:
            return "no reply"
        return "ok" if replies[0].error is None else f"error {replies[0].error.code}"

    def has_arrived(name: str, value: Any) -> bool:
        return name in run.sink.latest and alike(run.sink.latest[name].value, value)

    async def pushed() -> str:
        tag = names.pushed
        for value in (tag.after, tag.before):
            await write_one(short_name(tag.name), value)
            arrived = partial(has_arrived, tag.name, value)
            if not await comes(arrived, run.written_s):
                return NEVER
        return "ok"

    async def refused(case: Refused) -> str:
        word = await write_one(case.name, case.value)
        if word == "ok":
            return "accepted"
        return "ok" if word == f"error {case.code}" else word

    async def batch() -> str:
        tag, bad = names.batched, next(iter(names.refused.values()))
        both = [WriteItem(bad.name, bad.value), WriteItem(tag.name, tag.after)]
        try:
            replies = {reply.name: reply.error for reply in await run.client.write(both)}
        except NotReachable as problem:
            words = ["uncertain" if problem.may_have_arrived else "not sent"]
        else:
            words = ["no reply" if one.name not in replies else "" for one in both]
            words = [
                word or ("done" if replies[one.name] is None else "refused")
                for word, one in zip(words, both, strict=True)
            ]
        if not await _reads(run, tag.name, tag.after):
            words.append(NEVER)
        await write_one(tag.name, tag.before)
        if not await _reads(run, tag.name, tag.before):
            words.append("not undone")
        return ", ".join(words)

    await asyncio.gather(
        run.ask("write.value", lambda: there_and_back(names.writable)),
        run.ask("write.big", lambda: there_and_back(names.big)),
        run.ask("write.pushed", pushed),
        run.ask("write.batch", batch),
    )
    for key, case in names.refused.items():
        await run.ask(f"write.{key}", lambda: refused(case))  # noqa: B023


async def _reads(run: Run, name: str, value: Any) -> bool:
    """Whether a value is read back in time."""
    deadline_s = time.monotonic() + run.written_s
    while time.monotonic() < deadline_s:
        (sample,) = await run.client.read([name])
        if alike(sample.value, value) or form_of(sample.value, value) in ("as text", "rounded"):
            return True
        await asyncio.sleep(0.005)
    return False


# Logged values


async def _history(run: Run) -> None:
    names, subject = run.names, run.subject
    # Whole seconds, so that rows lie exactly on both bounds.
    end_ns = (time.time_ns() // SECOND_NS - 1) * SECOND_NS
    start_ns = end_ns - LOG_SPAN_S * SECOND_NS

    async def rows(name: str, **options: Any) -> list[tuple[int, Any]]:
        (series,) = await run.client.history([name], start_ns, end_ns, **options)
        assert series.name == name
        if series.error is not None:
            raise NoLog(series.error.code)
        times = [point.time_ns for point in series.points]
        assert times == sorted(times), "rows out of order"
        return [(point.time_ns, point.value) for point in series.points]

    async def complete(name: str) -> str:
        return compare(await rows(name), subject.logged(name, start_ns, end_ns))

    async def newest() -> str:
        wanted = subject.logged(names.logged[0], start_ns, end_ns)[-25:]
        return compare(await rows(names.logged[0], limit=25), wanted)

    async def bounds() -> str:
        found = await rows(names.logged[0], bounding=True)
        inside = [row for row in found if start_ns <= row[0] <= end_ns]
        word = compare(inside, subject.logged(names.logged[0], start_ns, end_ns))
        outside = [row[0] for row in found if not start_ns <= row[0] <= end_ns]
        assert sum(at < start_ns for at in outside) <= 1
        assert sum(at > end_ns for at in outside) <= 1
        return word if any(at < start_ns for at in outside) else f"{word}, nothing before"

    async def without_log(name: str) -> str:
        try:
            return f"{len(await rows(name))} rows"
        except NoLog as problem:
            return str(problem)

    for number, name in enumerate(names.logged):
        await run.ask(f"history.{number}", lambda: complete(name))  # noqa: B023
    await run.ask("history.short", lambda: complete(short_name(names.logged[0])))
    await run.ask("history.logging_tag", lambda: complete(names.logging_tag))
    await run.ask("history.newest", newest)
    await run.ask("history.bounds", bounds)
    await run.ask("history.unlogged", lambda: without_log(names.unlogged))


class NoLog(Exception):
    """A series with an error; the text is its code."""


def compare(found: list[tuple[int, Any]], wanted: list[tuple[int, Any]]) -> str:
    """Row by row: none missing, none twice, none invented."""
    if len(found) == len(wanted) and all(
        a[0] == b[0] and alike(a[1], b[1]) for a, b in zip(found, wanted, strict=True)
    ):
        return "ok" if wanted else "no rows to compare"
    have, want = {row[0] for row in found}, {row[0] for row in wanted}
    return (
        f"{len(found)} rows instead of {len(wanted)}; "
        f"missing {sorted(want - have)[:3]}, surplus {sorted(have - want)[:3]}"
    )


# Alarms


async def _alarms(run: Run) -> None:
    names, subject, sink = run.names, run.subject, run.sink

    async def listed() -> str:
        found = {alarm.key for alarm in await run.client.active_alarms()}
        if {short_name(key.name) for key in found} != {
            short_name(key.name) for key in subject.active()
        }:
            return "other alarms"
        same = set(map(_plain, found)) == set(map(_plain, subject.active()))
        return "ok" if same else "other instances"

    def mine(name: str) -> list[Alarm]:
        short = short_name(name)
        return [alarm for alarm in sink.alarms.values() if short_name(alarm.name) == short]

    def waiting(name: str) -> Alarm | None:
        return next((one for one in mine(name) if one.needs_acknowledgement), None)

    await run.ask("alarms.list", listed)
    await run.wait("alarms.first_list", lambda: sink.lists > 0)
    began_ns = time.time_ns()
    for name in (names.alarm, names.single):
        subject.raise_alarm(name)
    try:
        if not await run.wait(
            "alarms.raised", lambda: waiting(names.alarm) and waiting(names.single)
        ):
            return
        first, single = waiting(names.alarm), waiting(names.single)
        assert first is not None
        assert single is not None
        await _answered(run, first, single)
    finally:
        for name in (names.alarm, names.single):
            subject.clear_alarm(name)
    await run.wait("alarms.cleared", lambda: first.key not in sink.alarms)

    async def reset() -> str:
        (reply,) = await run.client.alarm_action(AlarmAction.RESET, [single.key])
        if not await comes(lambda: single.key not in sink.alarms, run.wait_s):
            return NEVER
        return "done" if reply.error is None else reply.error.code

    await run.ask("alarms.reset", reset)

    async def logged() -> str:
        # The server's clock may be an hour ahead.
        records = await run.client.logged_alarms(began_ns - 10 * SECOND_NS, began_ns + 2 * HOUR_NS)
        stamps = [record.modification_time_ns or 0 for record in records]
        assert stamps == sorted(stamps, reverse=True), "records out of order"
        # Acknowledged and cleared within one cycle of the plant: the order is chance.
        return " ".join(sorted({one.state_word for one in records if one.key == first.key}))

    await run.ask("alarms.logged", logged)


async def _answered(run: Run, first: Alarm, single: Alarm) -> None:
    """What stands is described, and acknowledged."""
    names, sink = run.names, run.sink
    run.note("alarms.state", first.state_word)
    run.note("alarms.trigger", run.same(bool(first.trigger_tag), True))
    run.note("alarms.single", "known" if single.is_single else "not told")

    async def texts() -> str:
        found = []
        for language in ("en-US", "de-DE"):
            alarms = await run.client.active_alarms(language=language)
            found.append(next((a.text for a in alarms if a.key == first.key), None))
        english, german = names.alarm_texts
        words = {"": "empty", english: "English", german: "German"}
        return ", ".join(words.get(text or "", repr(text)) for text in found)

    await run.ask("alarms.texts", texts)

    async def mixed() -> str:
        replies = await run.client.alarm_action(AlarmAction.ACKNOWLEDGE, [first.key, single.key])
        assert [reply.key for reply in replies] == [first.key, single.key]
        return " ".join("done" if one.error is None else one.error.code for one in replies)

    async def split() -> str:
        words = []
        for some in single_batches([first, single]):
            replies = await run.client.alarm_action(
                AlarmAction.ACKNOWLEDGE, [alarm.key for alarm in some]
            )
            words += ["done" if one.error is None else one.error.code for one in replies]
        return " ".join(words)

    async def again() -> str:
        (reply,) = await run.client.alarm_action(AlarmAction.ACKNOWLEDGE, [first.key])
        return "done" if reply.error is None else reply.error.code

    await run.ask("alarms.mixed_call", mixed)
    await run.ask("alarms.split_calls", split)
    await run.ask("alarms.twice", again)

    def state(key: AlarmKey) -> str:
        return sink.alarms[key].state_word if key in sink.alarms else "gone"

    await comes(lambda: state(first.key) != first.state_word, run.wait_s)
    await comes(lambda: state(single.key) != single.state_word, run.wait_s)
    run.note("alarms.acknowledged", f"{state(first.key)} {state(single.key)}")


def _plain(key: AlarmKey) -> str:
    return f"{short_name(key.name)} {key.instance}"


# Session


async def _session(run: Run) -> None:
    """All tokens run out: a change is not made and not repeated, reads and values go on."""
    names, subject, sink = run.names, run.subject, run.sink
    tag = names.writable
    subject.end_sessions()

    async def refused() -> str:
        with contextlib.suppress(NotAllowed):
            await run.client.write([WriteItem(tag.name, tag.after)])
            return "no refusal"
        return run.same(subject.value(tag.name), tag.before)

    async def read() -> str:
        (sample,) = await run.client.read([tag.name])
        return run.same(sample.value, tag.before)

    await run.ask("session.write_after_end", refused)
    await run.ask("session.read_after_end", read)
    count = len(sink.values.get(names.moving, ()))
    await run.wait(
        "session.values_after_end",
        lambda: sink.state is LinkState.LIVE and len(sink.values.get(names.moving, ())) > count + 1,
    )
    for capability in (Capability.READ, Capability.WRITE):
        word = run.client.capabilities.reason(capability) or "yes"
        run.note(f"session.can.{capability.value}", word)


# Who may only read


async def _viewer(run: Run) -> None:
    names, subject, sink = run.names, run.subject, Recorder()
    async with _opened(subject, subject.viewer, sink) as link:
        link.want(frozenset((names.hidden, names.moving)))
        link.start()
        await comes(lambda: sink.state in (LinkState.LIVE, LinkState.REFUSED), OPEN_S)
        run.note("viewer.connect", sink.state.value)
        run.note("viewer.can.write", link.client.capabilities.reason(Capability.WRITE) or "yes")

        async def hidden() -> str:
            (sample,) = await link.client.read([names.hidden])
            return "a value" if sample.error is None else sample.error.code

        async def write() -> str:
            await link.client.write([WriteItem(names.writable.name, names.writable.after)])
            return "accepted"

        async def browsed() -> str:
            found = {short_name(item.name) for item in await link.client.browse()}
            return "seen" if short_name(names.hidden) in found else "hidden"

        await run.ask("viewer.hidden", hidden)
        await run.ask("viewer.write", write)
        await run.ask("viewer.browse", browsed)
        await run.wait("viewer.values", lambda: names.moving in sink.latest)
    run.note("viewer.wrote", run.same(subject.value(names.writable.name), names.writable.before))
