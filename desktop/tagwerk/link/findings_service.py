"""Findings about the REST service of WinCC V7/V8: where it is not, what it refuses, how it polls.

See `findings`. What is said of the service (start-up list, ports, Basic) is in reports from the field.
"""

from __future__ import annotations

from tagwerk.domain.message import message
from tagwerk.link.findings import Finding

_AGAIN = message("Check again.")
_START_UP = message(
    "On the server, open the project's computer properties, page Start-up, and tick the REST service."
)
_RUNTIME = message("On the server, check that the runtime is started.")
_PORT = message("Check the port: the service is usually at 34568, or at 34569.")
_PATH = message("Give the address with its path: https://{host}:34568/WinCCRestService.")
_USERS = message("Open the User Administrator of the WinCC project.")

SERVICE_FINDINGS: tuple[Finding, ...] = (
    Finding(
        "service_off",
        message(
            "The computer {host} is there and answers at once that no program listens on port "
            "{port}: mostly the REST service is not in the start-up list, or the runtime is not "
            "started. {found}"
        ),
        (_START_UP, _RUNTIME, _PORT, _AGAIN),
        "Get-NetTCPConnection -State Listen -LocalPort 34568,34569",
    ),
    Finding(
        "service_missing",
        message(
            "A web server answers on port {port}, but there is no REST service of WinCC at {path}."
        ),
        (_PATH, _PORT, message("WinCC V7.5 SP2 and later have the service."), _START_UP),
    ),
    Finding(
        "service_starting",
        message(
            "The service is there and says that it cannot work: the runtime behind it is starting, "
            "stopping, or not activated."
        ),
        (_RUNTIME, message("After a start it may take some minutes."), _AGAIN),
    ),
    Finding(
        "service_forbidden",
        message("The server refuses everybody who comes from this computer, before any sign-in."),
        (
            message("On the server, check firewall and address rules of the REST service."),
            message("Ask whoever looks after the network between here and the plant."),
        ),
    ),
    Finding(
        "not_service",
        message("A program answers, but not as the REST service of WinCC would."),
        (_PORT, _PATH),
    ),
    Finding(
        "unified_interface",
        message("This is the interface of WinCC Unified, not the REST service of WinCC V7/V8."),
        (message("Set the dialect of the connection to WinCC Unified, or let it be found out."),),
        until_then=message("Nothing was read and nobody was signed in."),
    ),
    Finding(
        "basic_refused",
        message(
            "The service is there and does not take this password for “{user}” (HTTP 401). It was "
            "sent once and is not sent again by itself, because a few wrong ones lock the account."
        ),
        (
            message("Check the spelling of the user; it is a user of the WinCC project."),
            message("Check the password: keyboard layout, Caps Lock, a change of late."),
            _USERS,
            _AGAIN,
        ),
    ),
    Finding(
        "basic_not_offered",
        message(
            "The server asks for another kind of sign-in than user and password: {scheme}. A web "
            "server in front of the service may do that."
        ),
        (
            message("Switch on Basic authentication for the service."),
            message("Or give the connection a token that was issued for it."),
        ),
    ),
    Finding(
        "no_rest_right",
        message(
            "User and password of “{user}” are right, but the user may not use the REST service."
        ),
        (
            _USERS,
            message("Give the user the right for access to the REST service."),
            _AGAIN,
        ),
    ),
    Finding(
        "interface_polls",
        message(
            "This interface tells nothing by itself. Tagwerk asks for what you see: visible tags "
            "every second, trended ones up to four times a second, nothing that is hidden."
        ),
        (message("Nothing needs to be done."),),
        until_then=message(
            "Pulses that are shorter are missed, and the trend is filled from the archive."
        ),
    ),
    Finding(
        "polling_slow",
        message(
            "This interface has to be polled, and reading takes long: {rate} names a second. "
            "Tagwerk asks less often so that the plant is not burdened, and shows how often."
        ),
        (
            message("Look at the load of the server in its task manager."),
            message("Show fewer tags at once."),
        ),
        is_minor=True,
    ),
    Finding(
        "no_alarm_filter",
        message(
            "Messages are read through filters that are configured in WinCC, and there is none."
        ),
        (
            message("In the WinCC project, configure a filter for the REST service and load it."),
            _AGAIN,
        ),
        until_then=message("The alarm panel stays empty and says why."),
    ),
)
