"""Findings from the name to the interface: network, TLS, web server. See `findings`."""

from __future__ import annotations

from tagwerk.domain.message import message
from tagwerk.link.findings import Finding

_AGAIN = message("Check again.")
_ASK_NETWORK = message("Ask whoever looks after the network between here and the plant.")
_RUNTIME = message("On the server, check that the runtime is started.")
_SITE = message("On the server, open IIS Manager and check that the web site is started.")
_FINGERPRINT = message(
    "On the server, let it show the SHA-256 fingerprint of its certificate, and compare all of it."
)
_TRUST = message("If it is the same, trust the certificate when you connect; it is remembered.")
_SHOW_CERTIFICATES = (
    "Get-ChildItem Cert:\\LocalMachine\\My | ForEach-Object "
    '{ $_.Subject; $_.GetCertHashString("SHA256") }'
)
_NOTHING_SENT = message("Nothing secret was sent. Tagwerk does not sign in before you decide.")

NETWORK_FINDINGS: tuple[Finding, ...] = (
    Finding(
        "not_usable",
        message("What was asked for cannot be done as it was given."),
        (message("Correct the address or the option, then check again."),),
    ),
    Finding(
        "name_unknown",
        message(
            "This computer asked its name service for {host} and there is no such name. "
            "Nothing was sent to the plant."
        ),
        (
            message("Check the spelling; try the full name with its domain."),
            message("Try the server's address in numbers; it is shown on the server."),
            message("If the name is new, ask for an entry in the name service (DNS)."),
        ),
        "Resolve-DnsName {host}",
    ),
    Finding(
        "name_service_silent",
        message(
            "The name service of this computer does not answer, so nobody can say where {host} is. "
            "The plant itself may be well."
        ),
        (
            message("Check that this computer is in the plant's network (cable, WLAN, VPN)."),
            message("Try the server's address in numbers."),
        ),
        "Resolve-DnsName {host}",
    ),
    Finding(
        "port_closed",
        message(
            "The computer {host} is there and answers at once that no program listens on port "
            "{port}. {found}"
        ),
        (
            message("Check the port: WinCC Unified is usually reached on 443."),
            _RUNTIME,
            _SITE,
            _AGAIN,
        ),
        "Start-Service W3SVC",
    ),
    Finding(
        "connect_timeout",
        message(
            "Nothing came back from {host} on port {port}, not even a refusal: a firewall drops "
            "the packets, or the computer is switched off. {found}"
        ),
        (
            message("Check that the server is switched on and in the network."),
            message("On the server, let the Windows firewall take TCP port {port}."),
            message("Ask whether a firewall between here and the plant takes TCP port {port}."),
        ),
        'New-NetFirewallRule -DisplayName "WinCC Unified" -Direction Inbound -Protocol TCP '
        "-LocalPort {port} -Action Allow",
    ),
    Finding(
        "no_route",
        message("This computer knows no way to the network of {host}."),
        (
            message("Check that this computer is in the plant's network (cable, WLAN, VPN)."),
            message("Check its own address, subnet mask and gateway."),
            _ASK_NETWORK,
        ),
        "Test-NetConnection {host} -TraceRoute",
    ),
    Finding(
        "connection_cut",
        message("The connection to {host} port {port} was cut while it was being made."),
        (message("Check cable, switch and firewall."), _ASK_NETWORK, _AGAIN),
        "Test-NetConnection {host} -Port {port}",
    ),
    # TLS
    Finding(
        "plain_http_here",
        message(
            "A web server answers on port {port}, but without encryption. User and password would "
            "cross the network readably, so they were not sent."
        ),
        (
            message("Use the port with encryption, usually 443: https://{host}/graphql/."),
            message("On the server, bind the IIS web site to https with a certificate."),
            message(
                "Only on a network of your own: give the address with http:// and allow plain HTTP."
            ),
        ),
    ),
    Finding(
        "tls_not_spoken",
        message("A program listens on {host} port {port}, but it speaks neither TLS nor HTTP."),
        (
            message("Check the port: WinCC Unified is usually reached on 443."),
            message("Find out on the server which program uses the port."),
        ),
        "Get-NetTCPConnection -LocalPort {port} -State Listen | Select-Object OwningProcess",
    ),
    Finding(
        "tls_too_old",
        message(
            "The server only offers versions of TLS below 1.2. They can be read and changed on "
            "the way, so Tagwerk does not use them."
        ),
        (
            message("On the server, switch on TLS 1.2 in Windows and start it anew."),
            message("Bring Windows and the runtime up to date."),
        ),
    ),
    Finding(
        "tls_no_cipher",
        message("Server and computer have no way of encryption in common that is safe today."),
        (
            message("On the server, allow today's cipher suites in Windows."),
            message("Bring Windows and the runtime up to date."),
        ),
    ),
    Finding(
        "tls_silent",
        message(
            "The port is open, but the server does not answer the greeting of TLS. It is "
            "overloaded, or the port belongs to something else."
        ),
        (_RUNTIME, message("Check the port: WinCC Unified is usually reached on 443."), _AGAIN),
    ),
    Finding(
        "tls_cut",
        message(
            "The connection was cut during the greeting of TLS. That is what a firewall does that "
            "looks into connections, a web site without a certificate, or another program."
        ),
        (
            message(
                "On the server, check that the https binding of the web site has a certificate."
            ),
            _ASK_NETWORK,
        ),
    ),
    Finding(
        "certificate_self_signed",
        message(
            "The server's certificate is signed by itself. That is usual for WinCC, but anybody "
            "can make such a one: only you can say that this is your plant."
        ),
        (_FINGERPRINT, _TRUST),
        _SHOW_CERTIFICATES,
        _NOTHING_SENT,
    ),
    Finding(
        "certificate_unknown_ca",
        message(
            "The server's certificate is signed by somebody whom this computer does not know, "
            "mostly the certification authority of the TIA project."
        ),
        (
            message("Ask for the certificate of the plant's own authority as a file and give it."),
            _FINGERPRINT,
            _TRUST,
        ),
        _SHOW_CERTIFICATES,
        _NOTHING_SENT,
    ),
    Finding(
        "certificate_expired",
        message("The certificate of {host} has expired, or the clock of this computer is wrong."),
        (
            message("Check date and time of this computer."),
            message("On the server, have a new certificate made and bound to the web site."),
            _FINGERPRINT,
            _TRUST,
        ),
        _SHOW_CERTIFICATES,
        _NOTHING_SENT,
    ),
    Finding(
        "certificate_not_yet_valid",
        message(
            "By the clock of this computer the certificate of {host} is not valid yet. Mostly one "
            "of the two clocks is wrong."
        ),
        (
            message("Check date, time and time zone of this computer."),
            message("Check date, time and time zone of the server."),
            _AGAIN,
        ),
        "w32tm /resync",
        _NOTHING_SENT,
    ),
    Finding(
        "certificate_other_name",
        message(
            "The certificate is in order but made for {names}, and you asked for {host}. That is "
            "usual when a server is called by its address, and also how a wrong server looks."
        ),
        (
            message("Connect by one of the names in the certificate."),
            message("Or compare the fingerprint with the server's, and trust this certificate."),
        ),
        _SHOW_CERTIFICATES,
        _NOTHING_SENT,
    ),
    Finding(
        "certificate_weak",
        message(
            "The certificate has a key or a signature that can be forged today, so this computer "
            "refuses it whoever vouches for it."
        ),
        (
            message("On the server, have a new certificate made and bound to the web site."),
            _FINGERPRINT,
            _TRUST,
        ),
        _SHOW_CERTIFICATES,
        _NOTHING_SENT,
    ),
    Finding(
        "certificate_changed",
        message(
            "{host} shows another certificate than the one that you trusted. It may be a new "
            "installation of the runtime, or someone in between who wants your password."
        ),
        (
            message("Ask whoever looks after the server whether it has a new certificate."),
            _FINGERPRINT,
            message("Only if it is the same: connect anew and trust the new one."),
        ),
        _SHOW_CERTIFICATES,
        _NOTHING_SENT,
    ),
    Finding(
        "certificate_ends_soon",
        message(
            "The certificate ends in {days} days. Then everybody who did not pin it is refused."
        ),
        (message("On the server, have a new certificate made and bound to the web site."),),
        is_minor=True,
    ),
    Finding(
        "plain_http_refused",
        message("This address is plain HTTP: user and password would cross the network readably."),
        (
            message("Use https://{host}/graphql/."),
            message(
                "Only on a network of your own: give the address with http:// and allow plain HTTP."
            ),
        ),
        until_then=_NOTHING_SENT,
    ),
    # HTTP
    Finding(
        "http_silent",
        message("The web server took the request and did not answer in time."),
        (_RUNTIME, message("Look at the load of the server in its task manager."), _AGAIN),
    ),
    Finding(
        "http_cut",
        message("The web server broke the connection off instead of answering."),
        (_SITE, _RUNTIME, _AGAIN),
    ),
    Finding(
        "redirect_elsewhere",
        message(
            "The server sends us on to another server. A token must not go there by itself, so "
            "Tagwerk stayed here."
        ),
        (message("If that server is the right one, give its address."),),
    ),
    Finding(
        "redirect_circle",
        message("The web server sends us on and on without ever answering."),
        (
            message("Give the address with its path: https://{host}/graphql/."),
            message("On the server, check the rules for redirection of the web site in IIS."),
        ),
    ),
    Finding(
        "http_413",
        message(
            "The server refuses requests of this size, although this one was small: a limit on "
            "the way is set too low."
        ),
        (
            message("On the server, check “maxAllowedContentLength” of the web site in IIS."),
            message("Ask about limits of a proxy between here and the server."),
        ),
    ),
    Finding(
        "answer_too_large",
        message(
            "The answer is larger than anything that WinCC sends. Something else answers here."
        ),
        (message("Check address and port."),),
    ),
    # Interface
    Finding(
        "http_404",
        message(
            "The web server is there, but has nothing at {path}. Mostly the GraphQL interface is "
            "not installed: only Unified PC runtimes have it, panels do not."
        ),
        (
            message("Check the path: it is usually /graphql/."),
            message("On the server, check that the runtime was installed with its GraphQL server."),
            _RUNTIME,
        ),
    ),
    Finding(
        "http_405",
        message(
            "There is a page at {path}, but it does not take requests (POST). A slash at the end "
            "may be missing, or something on the way changes requests."
        ),
        (message("Give the address with its path: https://{host}/graphql/."), _ASK_NETWORK),
    ),
    Finding(
        "http_403",
        message("The web server refuses everybody who comes from this computer, before any login."),
        (
            message(
                "On the server, check “IP Address and Domain Restrictions” of the site in IIS."
            ),
            _ASK_NETWORK,
        ),
    ),
    Finding(
        "web_server_login",
        message(
            "The web server itself wants a Windows login before it lets anybody through to WinCC. "
            "The interface has its own login and must be reachable without that one."
        ),
        (message("On the server, switch on “Anonymous Authentication” of the site in IIS."),),
    ),
    Finding(
        "runtime_down",
        message("The web server is there, but the runtime behind it does not answer."),
        (
            _RUNTIME,
            message("After a start it may take some minutes until the interface answers."),
            message("On the server, check that the internal server answers on port 4000."),
        ),
        "Test-NetConnection localhost -Port 4000",
    ),
    Finding(
        "http_500",
        message("The web server answers with an error of its own (HTTP 500)."),
        (
            message("On the server, look into the Windows event log and the logs of IIS."),
            message("Start the web site and the runtime anew."),
        ),
        "iisreset",
    ),
    Finding(
        "http_503",
        message(
            "The web server says that it has no service to offer (HTTP 503): the application pool "
            "in IIS is stopped, or the runtime is starting or stopping."
        ),
        (
            _RUNTIME,
            message("On the server, open IIS Manager and start the application pool."),
            _AGAIN,
        ),
        "Get-IISAppPool | Select-Object Name, State",
    ),
    Finding(
        "http_other",
        message("The web server answers, but not in a way in which WinCC Unified would."),
        (
            message("Check address and port."),
            message("Give the address with its path: https://{host}/graphql/."),
        ),
    ),
    Finding(
        "csrf_refused",
        message(
            "The GraphQL server takes the request for a forged one. Tagwerk sends the header "
            "“apollo-require-preflight” that it wants: something on the way removes it."
        ),
        (_ASK_NETWORK, message("On the server, check rules in IIS that remove headers.")),
    ),
    Finding(
        "iis_default_page",
        message(
            "This is the welcome page of IIS: the web server runs, but the web site of WinCC "
            "Unified is not there or not bound to this name and port."
        ),
        (
            message("On the server, check in IIS Manager which site is bound to port {port}."),
            message("Start the runtime's configuration and let it set the web site up again."),
        ),
    ),
    Finding(
        "login_page",
        message(
            "A page with a login for people answers instead of the interface: the web page of "
            "WinCC Unified, a portal, or a remote access."
        ),
        (
            message("Give the address with its path: https://{host}/graphql/."),
            message("Log in to the portal or remote access first, if there is one."),
        ),
    ),
    Finding(
        "proxy_page",
        message(
            "A proxy answers instead of the server. Tagwerk reaches plants directly, so one stands "
            "in the way that nobody chose."
        ),
        (
            message("Ask that requests from here to {host} are let through unchanged."),
            message("Try it from a computer in the plant's network."),
        ),
    ),
    Finding(
        "html_page",
        message("A web page for people answers instead of the interface."),
        (
            message("Check address and port."),
            message("Give the address with its path: https://{host}/graphql/."),
        ),
    ),
    Finding(
        "empty_answer",
        message("The web server answers with nothing. The runtime behind it may just be starting."),
        (_RUNTIME, _AGAIN),
    ),
    Finding(
        "not_graphql",
        message("A program answers with data, but it is not the interface of WinCC Unified."),
        (
            message("Check address and port."),
            message("Give the address with its path: https://{host}/graphql/."),
        ),
    ),
    Finding(
        "classic_interface",
        message("This is the REST service of WinCC V7 or V8, not the interface of WinCC Unified."),
        (
            message("Set the dialect of the connection to WinCC V7/V8, or let it be found out."),
            message("If there is a WinCC Unified runtime too, give its address."),
        ),
        until_then=message("Nothing was read and nobody was signed in."),
    ),
    Finding(
        "opc_ua",
        message("This is an OPC UA server. Tagwerk does not speak OPC UA."),
        (message("Use the port of WinCC Unified, usually 443: https://{host}/graphql/."),),
    ),
)
