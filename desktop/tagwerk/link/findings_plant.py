"""Findings from the sign-in to the clock: what the runtime refuses or lacks. See `findings`."""

from __future__ import annotations

from tagwerk.domain.message import message
from tagwerk.link.findings import Finding

_AGAIN = message("Check again.")
_RUNTIME = message("On the server, check that the runtime is started.")
_USERS = message("Open the user management of the runtime.")
_RIGHT = message(
    "Give the user's role the right “GraphQL read access” or “GraphQL read/write access”."
)
_TRACES = message("On the server, look into the traces of the runtime.")
_PROXY = message("Ask whether a proxy or firewall on the way lets WebSockets through.")
_POLLS = message(
    "Tagwerk reads what you see every second. Pulses that are shorter are missed, and the trend "
    "says so."
)
_V20 = message("Bring the runtime to WinCC Unified V20 or later, where this was added.")

PLANT_FINDINGS: tuple[Finding, ...] = (
    Finding(
        "wrong_password",
        message(
            "The server does not take this password for “{user}”. It was tried once and is not "
            "tried again by itself, because a few wrong ones lock the account."
        ),
        (
            message("Check the spelling of the user; upper and lower case count."),
            message("Check the password: keyboard layout, Caps Lock, a change of late."),
            message("Sign in with the right one, or as another user."),
        ),
    ),
    Finding(
        "user_management_fails",
        message(
            "The central user management (UMC) could not check the login (code 102). The password "
            "may be right."
        ),
        (
            message("On the server, check that the service of the user management runs."),
            message("Check that the UMC server can be reached from the runtime."),
            _AGAIN,
        ),
        "Get-Service *UMC*",
    ),
    Finding(
        "nonce_expired",
        message("The server says that the login took too long on the way (code 103)."),
        (message("Check the clocks of both computers."), _AGAIN),
        "w32tm /resync",
    ),
    Finding(
        "user_locked",
        message("The account “{user}” is locked or switched off. No password helps now."),
        (_USERS, message("Unlock the account, or wait until its lock ends."), _AGAIN),
    ),
    Finding(
        "password_expired",
        message("The password of “{user}” has expired and must be changed first."),
        (
            message("Sign in to the web page of the runtime and change the password there."),
            message("Then connect with the new one."),
        ),
    ),
    Finding(
        "login_refused",
        message("The server refuses the login of “{user}” for a reason of its own, quoted above."),
        (_USERS, message("Check that the user exists, is active and has a role."), _AGAIN),
    ),
    Finding(
        "login_lacking",
        message("This server has no login of the kind that WinCC Unified has."),
        (message("Check that the address is the GraphQL interface of WinCC Unified."),),
    ),
    Finding(
        "not_signed_in",
        message("No user was given, so only what the server tells everybody was looked at."),
        (message("Give a user to have rights, values, alarms and push checked too."),),
    ),
    Finding(
        "token_refused",
        message("The server no longer takes the token that was given."),
        (message("Give a fresh one, or a user and a password."),),
    ),
    Finding(
        "no_right",
        message(
            "Name and password of “{user}” are right, but the user may not use the GraphQL "
            "interface. A role of the user must have that right."
        ),
        (
            message("Open the user management of the TIA project or of the runtime."),
            _RIGHT,
            message("Load the change into the runtime, then check again."),
        ),
    ),
    Finding(
        "introspection_off",
        message(
            "The server does not tell what it can do (introspection is switched off). Tagwerk "
            "takes the documented functions of V20 for granted."
        ),
        (message("Nothing needs to be done unless a function turns out to be missing."),),
        until_then=message("A function that this server lacks shows as refused when it is used."),
        is_minor=True,
    ),
    Finding(
        "server_lacks_browse",
        message("This version of the runtime cannot list its tags; V19 could not yet."),
        (_V20, message("Until then give the connection a tag sheet with the names.")),
        until_then=message("Names from a tag sheet or typed in full work as usual."),
    ),
    Finding(
        "browse_refused",
        message("The server does not let “{user}” list the names of tags."),
        (_USERS, _RIGHT),
        until_then=message("Names from a tag sheet or typed in full work as usual."),
    ),
    Finding(
        "browse_failed",
        message("The server could not list its tags."),
        (_TRACES, _AGAIN),
        until_then=message("Names from a tag sheet or typed in full work as usual."),
    ),
    Finding(
        "browse_silent",
        message("Listing all tags took longer than Tagwerk waits. The project may be very large."),
        (message("Try again when the server has less to do."), _AGAIN),
        until_then=message("Names from a tag sheet or typed in full work as usual."),
    ),
    Finding(
        "nothing_to_browse",
        message("The server lists no tag at all: the project is empty, or “{user}” may see none."),
        (_USERS, message("Check which tags the user's role may see.")),
        is_minor=True,
    ),
    Finding(
        "nothing_to_read",
        message("No name of a tag is known here, so reading could not be tried."),
        (message("Open the connection and read a tag that you know."),),
    ),
    Finding(
        "read_refused",
        message("The server lists tags but does not let “{user}” read them."),
        (_USERS, _RIGHT),
    ),
    Finding(
        "read_failed",
        message("The server could not read a tag that it lists itself."),
        (
            message("Check that the connection of the runtime to the controller is up."),
            _TRACES,
            _AGAIN,
        ),
    ),
    Finding(
        "server_lacks_history",
        message("This version of the runtime gives no logged values; V19 could not yet."),
        (_V20,),
        until_then=message("Trends begin when you open them, and keep what was lived."),
    ),
    Finding(
        "no_logging_tag",
        message("No tag is logged in this project, so there is no past to ask for."),
        (message("In the TIA project, add a data log and logging tags, and load it."),),
        until_then=message("Trends begin when you open them, and keep what was lived."),
    ),
    Finding(
        "history_refused",
        message("The server does not let “{user}” read logged values."),
        (_USERS, _RIGHT),
        until_then=message("Trends begin when you open them, and keep what was lived."),
    ),
    Finding(
        "history_failed",
        message("The server could not read its log. The log may be off, full, or on a lost disk."),
        (
            message("On the server, check place and size of the data log."),
            _TRACES,
            _AGAIN,
        ),
        until_then=message("Trends begin when you open them; holes cannot be filled."),
    ),
    Finding(
        "server_lacks_alarms",
        message("This server gives no alarms over this interface."),
        (_V20,),
        until_then=message("The alarm panel stays empty and says why."),
    ),
    Finding(
        "alarms_refused",
        message(
            "The server does not let “{user}” see alarms. There may be active alarms all the same."
        ),
        (_USERS, _RIGHT),
        until_then=message("The alarm panel stays empty and says why."),
    ),
    Finding(
        "alarms_failed",
        message("The server could not tell its alarms. There may be active alarms all the same."),
        (_TRACES, _AGAIN),
        until_then=message("The alarm panel stays empty and says why."),
    ),
    # Push
    Finding(
        "server_lacks_push",
        message("This server has no subscriptions: it answers but never tells by itself."),
        (_V20,),
        until_then=_POLLS,
    ),
    Finding(
        "nothing_to_subscribe",
        message(
            "The WebSocket opens. No name of a tag is known here, so a pushed value could not be "
            "waited for."
        ),
        (message("Open the connection and watch a tag that you know."),),
    ),
    Finding(
        "websocket_off",
        message(
            "The server answers queries but takes no WebSockets. Almost always the Windows feature "
            "“WebSocket Protocol” is switched off there, as it is by default. Without it pushed "
            "values and alarms do not work."
        ),
        (
            message(
                "On the server, open Windows features: Internet Information Services, World Wide "
                "Web Services, Application Development Features: tick “WebSocket Protocol”."
            ),
            message("Restart the site in IIS. The WinCC runtime may keep running."),
            _AGAIN,
        ),
        "Enable-WindowsOptionalFeature -Online -FeatureName IIS-WebSockets",
        _POLLS,
    ),
    Finding(
        "websocket_refused",
        message("The server does not turn the connection into a WebSocket, for an unusual reason."),
        (
            message("On the server, check that the feature “WebSocket Protocol” of IIS is on."),
            _PROXY,
            _AGAIN,
        ),
        "Get-WindowsOptionalFeature -Online -FeatureName IIS-WebSockets",
        _POLLS,
    ),
    Finding(
        "websocket_wants_login",
        message(
            "The web server wants a login for WebSockets before the runtime could check the token."
        ),
        (
            message("On the server, switch on “Anonymous Authentication” of the site in IIS."),
            _AGAIN,
        ),
        until_then=_POLLS,
    ),
    Finding(
        "push_token_refused",
        message("The WebSocket opens, but the server does not take the token of this login there."),
        (
            message("Check again; the token may just have ended."),
            _RUNTIME,
            _RIGHT,
        ),
        until_then=_POLLS,
    ),
    Finding(
        "push_no_answer",
        message(
            "The WebSocket was asked for or opened, but the server never says that it is ready. A "
            "proxy or firewall holds the messages back, or the runtime hangs."
        ),
        (_PROXY, _RUNTIME, _AGAIN),
        until_then=_POLLS,
    ),
    Finding(
        "push_no_value",
        message(
            "The WebSocket opens and the server is ready, but the first value, which it owes at "
            "once, never comes. A proxy collects the messages instead of passing them on."
        ),
        (_PROXY, message("Try it from a computer in the plant's network.")),
        until_then=_POLLS,
    ),
    Finding(
        "push_cut",
        message("The WebSocket breaks off. Something on the way does not like long connections."),
        (_PROXY, _RUNTIME, _AGAIN),
        until_then=_POLLS,
    ),
    Finding(
        "subscription_refused",
        message("The WebSocket works, but the server refuses to push the tag that was tried."),
        (_RIGHT, _TRACES),
        until_then=_POLLS,
    ),
    Finding(
        "pings_unanswered",
        message(
            "Push works, but the server does not answer pings. When it falls silent, Tagwerk can "
            "tell that only by asking over HTTP."
        ),
        (_PROXY,),
        until_then=message("A cut that nobody reports is noticed a little later."),
        is_minor=True,
    ),
    Finding(
        "redundancy_passive",
        message(
            "This server is the passive one of a redundant pair. Its values may be old, and what "
            "is written here may be lost."
        ),
        (
            message("Connect to its partner."),
            message("Enter the partner in the connection, so that Tagwerk can follow it."),
        ),
        is_minor=True,
    ),
    # Clock and speed
    Finding(
        "clock_off",
        message(
            "The two clocks differ by {seconds} s. Times in tables are the server's; a log asked "
            "for “the last minute” may miss its newest values."
        ),
        (message("Set both clocks from the same time server."), _AGAIN),
        "w32tm /resync",
        message("Ages are corrected by the difference."),
        is_minor=True,
    ),
    Finding(
        "clock_unknown",
        message("The server does not tell its time, so the clocks cannot be compared."),
        (message("Compare the clocks by eye if ages look wrong."),),
    ),
    Finding(
        "slow",
        message(
            "The smallest question takes {median} ms. The way is long (VPN, radio) or the server "
            "is busy; large lists will take their time."
        ),
        (
            message("Look at the load of the server in its task manager."),
            message("Try a cable instead of radio, and a place nearer to the plant."),
        ),
        "Test-NetConnection {host} -Port {port}",
        message("Values are pushed as before; reading back after a write takes longer."),
        is_minor=True,
    ),
    Finding(
        "uneven",
        message(
            "Most questions are quick, but the slowest of ten took {worst} ms. Packets get lost, or "
            "the server is busy now and then."
        ),
        (
            message("Check cable, switch and radio between here and the plant."),
            message("Look at the load of the server in its task manager."),
        ),
        "ping -n 50 {host}",
        is_minor=True,
    ),
    Finding(
        "round_trip_failed",
        message("In the middle of ten small questions the server stopped answering."),
        (message("Check cable, switch and firewall."), _RUNTIME, _AGAIN),
        until_then=message("Tagwerk connects anew by itself, and marks the holes."),
    ),
    # Anywhere
    Finding(
        "session_ended",
        message(
            "The server ended the session in the middle of the check. Somebody signed this user "
            "out, or the runtime was started anew."
        ),
        (_AGAIN, message("Use a user of your own that nobody else signs out.")),
    ),
    Finding(
        "lost_midway",
        message("The connection was lost in this step, although it stood before."),
        (message("Check cable, switch and firewall."), _RUNTIME, _AGAIN),
    ),
    Finding(
        "unclear",
        message("The server answers in a way that Tagwerk does not know. Its words are above."),
        (
            message("Check again."),
            message("Save the report and send it along when you ask for help."),
        ),
    ),
)
