"""The doctor's verdict: one sentence over all steps, and how many are fine.

Pure, so that the command line and the window say the same. The steps come from `link.connector`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tagwerk.domain.connection import Capability, Step, StepName
from tagwerk.domain.message import Message, message

STEP_TITLES: dict[StepName, Message] = {
    StepName.RESOLVE: message("Name"),
    StepName.CONNECT: message("Reachable"),
    StepName.TLS: message("TLS"),
    StepName.HTTP: message("HTTP"),
    StepName.INTERFACE: message("Interface"),
    StepName.LOGIN: message("Sign-in"),
    StepName.RIGHTS: message("Rights"),
    StepName.BROWSE: message("Browse"),
    StepName.READ: message("Read"),
    StepName.HISTORY: message("History"),
    StepName.ALARMS: message("Alarms"),
    StepName.PUSH: message("Push"),
    StepName.CLOCK: message("Clock"),
    StepName.ROUND_TRIP: message("Round trip"),
}

CAPABILITY_WORDS: dict[Capability, Message] = {
    Capability.READ: message("read"),
    Capability.WRITE: message("write"),
    Capability.BROWSE: message("browse"),
    Capability.PUSH: message("push"),
    Capability.HISTORY: message("history"),
    Capability.DIRECT_READ: message("read directly"),
    Capability.ALARMS: message("alarms"),
    Capability.ALARM_HISTORY: message("logged alarms"),
    Capability.ACKNOWLEDGE: message("acknowledge"),
    Capability.RESET: message("reset"),
    Capability.SHELVE: message("shelve"),
    Capability.REDUNDANCY: message("redundancy"),
    Capability.SESSION: message("session"),
}


def listed(parts: Sequence[Message]) -> Message:
    """Messages as one, parted by commas; empty for none."""
    if not parts:
        return Message()
    words = parts[0]
    for part in parts[1:]:
        words = message("{first}, {second}", first=words, second=part)
    return words


NECESSARY = (
    StepName.RESOLVE,
    StepName.CONNECT,
    StepName.TLS,
    StepName.HTTP,
    StepName.INTERFACE,
    StepName.LOGIN,
    StepName.RIGHTS,
    StepName.READ,
)
"""Without these nothing can be done on the plant."""

_FAILED: dict[StepName, Message] = {
    StepName.RESOLVE: message("No connection: the name of the server leads nowhere"),
    StepName.CONNECT: message("No connection: the server does not answer on this port"),
    StepName.TLS: message("No connection: nothing secure can be agreed on"),
    StepName.HTTP: message("No connection: the web server gives no usable answer"),
    StepName.INTERFACE: message("No connection: the interface of WinCC Unified is not there"),
    StepName.LOGIN: message("The server is there, but does not let you sign in"),
    StepName.RIGHTS: message("You are signed in, but may not use the interface"),
    StepName.READ: message("You are signed in, but values cannot be read"),
    StepName.PUSH: message("You can work, but values are polled: push does not work"),
    StepName.ALARMS: message("You can work, but without alarms"),
    StepName.HISTORY: message("You can work, but without the past from the log"),
    StepName.BROWSE: message("You can work, but the names cannot be listed"),
    StepName.ROUND_TRIP: message("You can work, but the server stops answering now and then"),
}
_BY_CODE: dict[str, Message] = {
    "certificate_changed": message("This is not the server that you trusted"),
    "classic_interface": message("No connection: this is WinCC V7 or V8, not WinCC Unified"),
    "unified_interface": message("No connection: this is WinCC Unified, not WinCC V7 or V8"),
    "service_off": message("No connection: the REST service of WinCC does not run"),
    "service_missing": message("No connection: the REST service of WinCC is not there"),
    "service_starting": message("No connection: the REST service is there, the runtime is not"),
    "basic_refused": message("The server is there, but refuses user and password"),
    "polling_slow": message("Everything works, but values can only be polled slowly"),
    "websocket_off": message("You can work, but values are polled: the server refuses push"),
    "websocket_refused": message("You can work, but values are polled: the server refuses push"),
    "wrong_password": message("The server is there, but refuses user and password"),
    "redundancy_passive": message("This server is passive: its partner runs the plant"),
    "clock_off": message("Everything works; the clocks differ"),
    "slow": message("Everything works, but slowly"),
    "uneven": message("Everything works, but not evenly"),
    "certificate_ends_soon": message("Everything works; the certificate ends soon"),
}
_UNTRUSTED = message("No connection: nobody vouches for the certificate")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at a server comes to.

    Args:
        headline: one sentence.
        can_work: signed in, and values can be read.
        is_polled: values have to be asked for, because push does not work.
        fine, failed, minor, skipped: numbers of steps; minor ones need a look.
    """

    headline: Message
    can_work: bool = False
    is_polled: bool = False
    fine: int = 0
    failed: int = 0
    minor: int = 0
    skipped: int = 0


def verdict_of(steps: Sequence[Step]) -> Verdict:
    """Judge the steps of a finished look."""
    failed = [step for step in steps if step.ok is False and not step.is_minor]
    minor = [step for step in steps if step.is_minor]
    fine = sum(step.ok is True and not step.is_minor for step in steps)
    done = {step.step for step in steps if step.ok is True}
    hindered = {step.step for step in failed}
    lacks_read = StepName.READ in hindered
    can_work = (
        StepName.RIGHTS in {step.step for step in steps if step.ok or step.is_minor}
        and not lacks_read
        and not hindered & set(NECESSARY)
    )
    return Verdict(
        _headline(steps, failed, minor, done),
        can_work,
        can_work and StepName.PUSH in hindered,
        fine,
        len(failed),
        len(minor),
        sum(step.ok is None for step in steps),
    )


def _headline(
    steps: Sequence[Step], failed: list[Step], minor: list[Step], done: set[StepName]
) -> Message:
    if not steps:
        return message("Nothing could be looked at")
    if failed:
        order = (*NECESSARY, *_FAILED)
        worst = min(failed, key=lambda step: order.index(step.step) if step.step in order else 99)
        if worst.code in _BY_CODE:
            return _BY_CODE[worst.code]
        if worst.code.startswith("certificate_"):
            return _UNTRUSTED
        found = _FAILED.get(worst.step)
        if found is not None:
            return found
        return message("Something needs a look")
    if StepName.LOGIN not in done and StepName.RIGHTS not in done:
        return message("The server is there; nobody is signed in")
    if len(minor) == 1:
        return _BY_CODE.get(minor[0].code, message("Everything works; one thing needs a look"))
    if minor:
        return message("Everything works; {count} things need a look", count=len(minor))
    if any(step.ok is None and step.code.startswith("server_lacks_") for step in steps):
        return message("Everything works that this server version can do")
    return message("Everything works")
