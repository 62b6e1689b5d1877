"""Writes one value safely, and leaves evidence: the only caller of the client's write.

The way of a write: guard → audit intent on disk → guard again → one attempt, never repeated →
read back until it matches or the time is up → audit outcome. See docs/writing.md.

Runs on the loop of its caller (the window's or the command line's); one object a plant. Not
thread-safe. Every change is told by `version`.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

from tagwerk.domain.alarms import Alarm, AlarmAction, AlarmKey, AlarmReply
from tagwerk.domain.connection import Capabilities, Capability
from tagwerk.domain.errors import (
    NotAllowed,
    NotReachable,
    ProtocolError,
    ServerFailed,
    TagwerkError,
    UsageError,
)
from tagwerk.domain.message import Message, message
from tagwerk.domain.ports import PlantClient, WriteItem
from tagwerk.domain.tags import TagInfo, short_name
from tagwerk.domain.values import ItemError, Sample, Value
from tagwerk.store.live import LiveStore
from tagwerk.write.alarm_actions import AlarmActions
from tagwerk.write.arming import Arming, LockCause
from tagwerk.write.audit import AuditLog, AuditReport, AuditUnavailable, Entry
from tagwerk.write.guard import Shown, Situation, Verdict, judge, why_read_only
from tagwerk.write.past import past_of, past_writes
from tagwerk.write.readback import Answer, Watch, answer_of, is_usable
from tagwerk.write.request import (
    Outcome,
    PastWrite,
    Phase,
    WriteRequest,
    WriteResult,
    same_value,
    tolerance_for,
)

HISTORY_LENGTH = 500
READ_TIMEOUT_S = 5.0
_FIRST_POLL_S = 0.1
_LONGEST_POLL_S = 0.5


class WriteService:
    """The way to change a plant.

    Args:
        client: its `write` and `alarm_action` are called here and nowhere else.
        live: latest values; filled by the stream, or by the command line with what it read.
        info: what is known about a tag.
        audit: the evidence.
        arming: the lock.
        who: name of the user now.
        capabilities: what server and user allow now.
        clock_ns: wall clock.
        server: address of the server that is spoken to, for the evidence: a redundant pair has two.
    """

    def __init__(
        self,
        client: PlantClient,
        live: LiveStore,
        info: Callable[[str], TagInfo],
        audit: AuditLog,
        arming: Arming,
        who: Callable[[], str],
        capabilities: Callable[[], Capabilities],
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        server: Callable[[], str] = lambda: "",
    ) -> None:
        self._client = client
        self._server = server
        self._live = live
        self._info = info
        self.audit = audit
        self.arming = arming
        self._who = who
        self._capabilities = capabilities
        self._clock_ns = clock_ns
        self._alarms = AlarmActions(self._send_alarm_action, audit, who, capabilities, server)
        self._own_version = 0
        self._results: dict[str, WriteResult] = {}
        self._phases: dict[str, Phase] = {}
        self._past: deque[PastWrite] | None = None

    # What panels look at.

    @property
    def version(self) -> int:
        """Grows with every news: phase, outcome, dismissal, arming."""
        self.arming.tick()
        return self._own_version + self.arming.version

    @property
    def results(self) -> dict[str, WriteResult]:
        """Latest outcome by tag, until dismissed."""
        return self._results

    @property
    def phases(self) -> dict[str, Phase]:
        """Running writes by tag."""
        return self._phases

    @property
    def history(self) -> Sequence[PastWrite]:
        """Last writes, newest first, also of earlier sessions as far as the audit has them."""
        if self._past is None:
            self._past = deque(past_writes(self.audit.recent()), maxlen=HISTORY_LENGTH)
        return self._past

    def history_of(self, name: str, limit: int = 3) -> list[PastWrite]:
        """The last writes of one tag, newest first."""
        return [past for past in self.history if past.name == name][:limit]

    def reasons(self, limit: int = 12) -> list[str]:
        """Reasons given lately, newest first, each once."""
        return list(dict.fromkeys(past.reason for past in self.history if past.reason))[:limit]

    def now_ns(self) -> int:
        """The wall clock that results are stamped with."""
        return self._clock_ns()

    def dismiss(self, name: str) -> None:
        """The user has seen the outcome."""
        if self._results.pop(name, None) is not None:
            self._own_version += 1

    # Preparing.

    def request(
        self,
        name: str,
        value: Value,
        *,
        reason: str = "",
        seen: Sample | None = None,
        tolerance: float | None = None,
        wait_s: float | None = None,
    ) -> WriteRequest:
        """A request by the current user, who saw `seen` (default: the latest value)."""
        sample = seen if seen is not None else self._live.get(name)
        made = WriteRequest(name, value, who=self._who(), reason=reason, tolerance=tolerance)
        if wait_s is not None:
            made = replace(made, wait_s=wait_s)
        return made.seeing(sample)

    def situation(self, name: str) -> Situation:
        """All that the guard may look at, now."""
        return Situation(
            self._info(name),
            self._live.get(name),
            self._live.is_stale(name),
            self.arming.armed,
            self._capabilities(),
            busy=name in self._phases,
        )

    def check(self, request: WriteRequest) -> Verdict:
        """Judge a request as things stand now; cheap, no side effect."""
        return judge(request, self.situation(request.name))

    def why_read_only(self, name: str) -> Message:
        """Why a tag cannot be written at all, armed or not; empty when it can."""
        return why_read_only(self.situation(name))

    def undo_request(self, past: PastWrite | None = None) -> WriteRequest | None:
        """A request that takes a write back; it is checked and confirmed like any other.

        Args:
            past: which write; None for the last one that is neither an undo nor undone.

        Returns:
            None when there is nothing to take back, or the old value is not known.
        """
        undone = {entry.undo_of for entry in self.history if entry.undo_of}
        candidates = [past] if past is not None else self.history
        for entry in candidates:
            if past is None and (entry.undo_of or entry.id in undone):
                continue
            if not entry.outcome.may_have_changed_the_plant:
                continue
            if entry.old is None:
                return None
            request = self.request(entry.name, entry.old)
            return replace(request, undo_of=entry.id)
        return None

    # The lock.

    def arm(self, duration_s: float) -> None:
        """Open the lock, with evidence.

        Raises:
            AuditUnavailable: and the lock stays closed.
        """
        self.audit.append("armed", who=self._who(), duration_s=duration_s)
        self.arming.arm(duration_s)

    def extend(self, duration_s: float) -> None:
        """Give an open lock more time, with evidence.

        Raises:
            AuditUnavailable: and the time stays as it was.
        """
        if self.arming.armed:
            self.audit.append("arming_extended", who=self._who(), duration_s=duration_s)
            self.arming.extend(duration_s)

    def disarm(self, cause: LockCause = LockCause.USER) -> None:
        """Close the lock. Closing never fails; a missing audit line shows in the next `armed`."""
        if self.arming.disarm(cause):
            try:
                self.audit.append("disarmed", who=self._who(), cause=cause.value)
            except AuditUnavailable:
                self._own_version += 1

    def link_lost(self) -> None:
        """The link is gone: lock at once."""
        self.disarm(LockCause.LINK_LOST)

    async def link_back(self) -> None:
        """The link is up again: read unverified ones once more. Sends no write."""
        for name, result in list(self._results.items()):
            if result.outcome is Outcome.UNVERIFIED and name not in self._phases:
                await self.read_again(name)

    # Writing.

    async def write(self, request: WriteRequest) -> WriteResult:
        """Carry out a confirmed request: at most one call of the client's write, whatever happens.

        Never raises for what can go wrong with a plant, a disk or a link: that is in the result.
        On cancellation the audit gets its outcome first.
        """
        started_ns = self._clock_ns()
        verdict = self.check(request)
        draft = WriteResult(
            request,
            Outcome.FAILED,
            old=self.situation(request.name).live_value,
            started_ns=started_ns,
            finished_ns=started_ns,
        )
        if not verdict.allowed:
            return self._refused(draft, verdict)
        self._enter(request.name, Phase.AUDITING)
        try:
            return await self._audited(draft, verdict)
        finally:
            self._phases.pop(request.name, None)
            self._own_version += 1

    async def write_all(
        self,
        requests: Sequence[WriteRequest],
        *,
        should_stop: Callable[[], bool] = lambda: False,
        on_result: Callable[[WriteResult], None] = lambda _result: None,
    ) -> list[WriteResult]:
        """Write one after the other; stops at the first that is not confirmed, or when asked to.

        Args:
            should_stop: asked between two writes ("Stop after this").
            on_result: called after each.

        Returns:
            the results of those that were tried; the rest was not touched.
        """
        results: list[WriteResult] = []
        for request in requests:
            if should_stop():
                break
            result = await self.write(request)
            results.append(result)
            on_result(result)
            if result.outcome is not Outcome.CONFIRMED:
                break
        return results

    async def read_again(self, name: str) -> WriteResult | None:
        """Read the tag of an unverified write once more and settle it; sends no write.

        Returns:
            the result as it stands now; None when there is none to settle.
        """
        result = self._results.get(name)
        if result is None or result.outcome is not Outcome.UNVERIFIED or name in self._phases:
            return result
        self._enter(name, Phase.READING_BACK)
        try:
            sample = await self._read(name, READ_TIMEOUT_S)
        finally:
            self._phases.pop(name, None)
            self._own_version += 1
        if sample is None or not is_usable(sample) or self._results.get(name) is not result:
            return self._results.get(name)
        settled = self._settled_later(result, sample.value)
        settled = self._with_outcome_audited(settled, event="write_settled")
        self._keep(settled)
        return settled

    async def verify_audit(self) -> AuditReport:
        """Check the whole evidence; reads every file of it, beside the window's thread.

        Raises:
            AuditUnavailable: it cannot be read.
        """
        return await asyncio.to_thread(self.audit.verify)

    async def act_on_alarms(
        self, action: AlarmAction, alarms: Sequence[Alarm], *, reason: str = ""
    ) -> list[AlarmReply]:
        """Acknowledge or reset alarms, each sent once; single ones travel alone.

        Returns:
            one reply an alarm, in the order given. Those after a broken link were not sent.
        """
        return await self._alarms.act(action, alarms, reason)

    @property
    def has_unverified_alarms(self) -> bool:
        """An acknowledgement or reset was sent, and no answer came."""
        return bool(self._alarms.unverified)

    async def settle_alarms(
        self, find: Callable[[AlarmKey], Alarm | None], *, is_complete: bool
    ) -> None:
        """Learn from the alarms what became of actions without an answer; sends nothing.

        Args:
            find: the alarm as it is now; None when it is no longer active.
            is_complete: the list of alarms was read anew since.
        """
        await self._alarms.settle(find, is_complete=is_complete)

    # Inside.

    async def _send_alarm_action(
        self, action: AlarmAction, keys: Sequence[AlarmKey]
    ) -> list[AlarmReply]:
        return await self._client.alarm_action(action, keys)

    def _enter(self, name: str, phase: Phase) -> None:
        self._phases[name] = phase
        self._own_version += 1

    def _refused(self, draft: WriteResult, verdict: Verdict) -> WriteResult:
        """The guard said no: nothing was sent, nothing is audited as an attempt."""
        worst = verdict.worst
        result = replace(draft, detail=worst.text if worst is not None else Message())
        if draft.request.name not in self._phases:
            self._results[draft.request.name] = result
        self._own_version += 1
        return result

    async def _audited(self, draft: WriteResult, verdict: Verdict) -> WriteResult:
        request = draft.request
        try:
            intent = await asyncio.to_thread(self._write_intent, draft, verdict)
        except AuditUnavailable as problem:
            result = self._finished(draft, detail=problem.text)
            self._keep(result, remember=False)
            return result
        except asyncio.CancelledError:
            self._conclude(
                draft, Answer(Outcome.FAILED, message("Cancelled before sending."), sent=False)
            )
            raise
        draft = replace(draft, audit_first=intent["seq"], audit_last=intent["seq"])
        # The disk took its time: the lock may be closed by now, or the value changed.
        again = judge(request, replace(self.situation(request.name), busy=False))
        if not again.allowed:
            worst = again.worst
            detail = worst.text if worst is not None else Message()
            answer = Answer(Outcome.FAILED, detail, sent=False)
            return await self._conclude_in_thread(draft, answer)
        draft = replace(draft, old=self.situation(request.name).live_value)
        self._enter(request.name, Phase.SENDING)
        sent_ns = self._clock_ns()
        answer = Answer(Outcome.UNVERIFIED, message("Cancelled while waiting for the answer."))
        try:
            answer = await self._send(request)
            if answer.outcome in (None, Outcome.UNVERIFIED):
                self._enter(request.name, Phase.READING_BACK)
                draft, answer = await self._read_back(draft, answer, sent_ns)
        except BaseException:
            if answer.outcome is None:
                answer = Answer(Outcome.UNVERIFIED, message("Cancelled while reading back."))
            self._conclude(draft, answer)
            raise
        return await self._conclude_in_thread(draft, answer)

    def _write_intent(self, draft: WriteResult, verdict: Verdict) -> Entry:
        request = draft.request
        return self.audit.append(
            "write_intent",
            id=request.id,
            tag=request.name,
            old=draft.old,
            seen=request.seen,
            new=request.value,
            unit=self._info(request.name).unit,
            who=request.who,
            reason=request.reason,
            undo_of=request.undo_of,
            server=self._server(),
            checks=[f"{check.code}:{check.level.value}" for check in verdict.checks],
            accepted=sorted(request.accepted),
        )

    async def _send(self, request: WriteRequest) -> Answer:
        """The one attempt. Nothing in here may ever loop."""
        try:
            replies = await self._client.write([WriteItem(request.name, request.value)])
        except NotReachable as problem:
            if problem.may_have_arrived:
                return Answer(
                    Outcome.UNVERIFIED, message("No answer; the write may have happened.")
                )
            return Answer(Outcome.FAILED, problem.text, sent=False)
        except ProtocolError:
            return Answer(
                Outcome.UNVERIFIED,
                message("The answer cannot be understood; the write may have happened."),
            )
        except ServerFailed as problem:
            error = ItemError(problem.code, str(problem.text))
            return Answer(Outcome.UNVERIFIED, problem.text, error)
        except UsageError as problem:
            return Answer(Outcome.FAILED, problem.text, sent=False)
        except NotAllowed as problem:
            error = ItemError(problem.code or "not_allowed", str(problem.text))
            return Answer(Outcome.REJECTED, problem.text, error)
        except TagwerkError as problem:
            error = ItemError(problem.code or "refused", str(problem.text))
            return Answer(Outcome.REJECTED, problem.text, error)
        return answer_of(replies, request.name)

    async def _read_back(
        self, draft: WriteResult, answer: Answer, sent_ns: int
    ) -> tuple[WriteResult, Answer]:
        """Watch the tag until it has the value, has settled on another, or the time is up."""
        request = draft.request
        info = self._info(request.name)
        tolerance = tolerance_for(request, info, draft.old)
        watch = Watch(request.value, draft.old, info, tolerance)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + request.wait_s
        pause_s = _FIRST_POLL_S
        while True:
            left_s = deadline - loop.time()
            live = self._live.get(request.name)
            if live is not None and live.received_ns >= sent_ns:
                watch.see(live, loop.time())
            if not watch.matched and left_s > 0 and self._live.stale_since_ns is None:
                sample = await self._read(request.name, left_s)
                if sample is not None:
                    watch.see(sample, loop.time())
            draft = replace(draft, read_back=watch.value)
            decided = watch.decide(answer, loop.time(), loop.time() >= deadline)
            if decided is None and self._live.stale_since_ns is not None:
                decided = Answer(
                    Outcome.UNVERIFIED,
                    message("The link was lost before the read-back; the write may have happened."),
                )
            if decided is not None:
                return draft, decided
            await asyncio.sleep(max(min(pause_s, deadline - loop.time()), 0.0))
            pause_s = min(pause_s * 1.6, _LONGEST_POLL_S)

    async def _read(self, name: str, timeout_s: float) -> Sample | None:
        """One read, from the controller itself where the server can; None when there is no answer."""
        direct = Capability.DIRECT_READ in self._capabilities()
        try:
            async with asyncio.timeout(timeout_s):
                samples = await self._client.read([name], direct=direct)
        except (TagwerkError, TimeoutError):
            return None
        wanted = short_name(name)
        return next((sample for sample in samples if short_name(sample.name) == wanted), None)

    def _finished(self, draft: WriteResult, **changes: object) -> WriteResult:
        return replace(draft, finished_ns=self._clock_ns(), **changes)  # type: ignore[arg-type]

    def _decided(self, draft: WriteResult, answer: Answer) -> WriteResult:
        assert answer.outcome is not None  # noqa: S101 - the read-back always decides
        return self._finished(
            draft,
            outcome=answer.outcome,
            detail=answer.detail,
            error=answer.error,
            sent=answer.sent,
        )

    def _conclude(self, draft: WriteResult, answer: Answer) -> None:
        """Audit and keep the outcome at once: for a task that is being cancelled."""
        self._keep(self._with_outcome_audited(self._decided(draft, answer), event="write_outcome"))

    async def _conclude_in_thread(self, draft: WriteResult, answer: Answer) -> WriteResult:
        """As `_conclude`, without making the window wait for the disk."""
        result = self._decided(draft, answer)
        audited = asyncio.to_thread(self._with_outcome_audited, result, event="write_outcome")
        try:
            # Shielded, because the outcome goes to disk even when nobody waits for it any more.
            result = await asyncio.shield(audited)
        finally:
            self._keep(result)
        return result

    def _with_outcome_audited(self, result: WriteResult, *, event: str) -> WriteResult:
        error = result.error
        try:
            entry = self.audit.append(
                event,
                id=result.request.id,
                tag=result.name,
                outcome=result.outcome.value,
                read_back=result.read_back,
                sent=result.sent,
                error=[error.code, error.description] if error is not None else None,
                took_ms=round(result.took_s * 1000),
            )
        except AuditUnavailable as problem:
            return replace(result, audit_error=problem.text)
        return replace(result, audit_last=entry["seq"])

    def _keep(self, result: WriteResult, *, remember: bool = True) -> None:
        """Keep the outcome for the row, and in the list of last writes."""
        self._results[result.name] = result
        self._own_version += 1
        if not remember:
            return
        past = past_of(result)
        known = list(self.history)
        places = [index for index, entry in enumerate(known) if entry.id == past.id]
        if places:
            known[places[0]] = past
        else:
            known.insert(0, past)
        self._past = deque(known, maxlen=HISTORY_LENGTH)

    def _settled_later(self, result: WriteResult, value: Value) -> WriteResult:
        """What an unverified write turns out to be, once the tag can be read again."""
        info = self._info(result.name)
        tolerance = tolerance_for(result.request, info, result.old)
        if same_value(value, result.request.value, info, tolerance):
            outcome, detail = Outcome.CONFIRMED, message("Read again: the plant has the value.")
        elif result.old is not None and same_value(value, result.old, info, tolerance):
            outcome = Outcome.FAILED
            detail = message(
                "Read again: still {value}; it was not written.", value=Shown(value, info)
            )
        else:
            outcome = Outcome.CLAMPED
            detail = message("Read again: the plant has {value}.", value=Shown(value, info))
        return replace(result, outcome=outcome, detail=detail, read_back=value)
