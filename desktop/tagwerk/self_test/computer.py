"""Steps of the self test that need neither window nor server: modules, keyring, certificates.

Each returns what it saw, or raises what is wrong with its cure. Called by `run`.
"""

from __future__ import annotations

import importlib
import pkgutil
import platform
import secrets
import ssl
import sys
import uuid
from pathlib import Path

import tagwerk
from tagwerk import __version__
from tagwerk.domain.message import Message, message
from tagwerk.export.crash_report import package_versions, write_report
from tagwerk.self_test.runner import Faulty, Finding, Told

LEAST_MODULES = 150
"""A package that lost half of the program would still import what is left."""
KEYRING_S = 8.0
_MODULES = (
    "PySide6.QtCore", "PySide6.QtGui", "PySide6.QtWidgets", "PySide6.QtSvg", "PySide6.QtNetwork",
    "qasync", "httpx", "picows", "msgspec", "numpy", "keyring", "platformdirs", "truststore",
    "cryptography.x509", "aiohttp", "graphql", "openpyxl",
)  # fmt: skip
_OF_SYSTEM = {
    "linux": ("keyring.backends.SecretService", "secretstorage", "jeepney"),
    "win32": ("keyring.backends.Windows", "win32ctypes.pywin32.win32cred"),
}


def is_packaged() -> bool:
    """Whether this is the packaged program and not a checkout or an environment."""
    return bool(getattr(sys, "frozen", False))


def head_lines() -> list[str]:
    """Program, system, Python and Qt, for the head of the table; the same in every language."""
    kind = "packaged" if is_packaged() else "not packaged"
    lines = [
        f"Tagwerk {__version__} ({kind})",
        f"{system_name()}, {platform.machine()}",
        f"Python {platform.python_version()}",
    ]
    try:
        from tagwerk.ui.self_test import qt_versions
    except ImportError as problem:
        return [*lines, f"Qt: {problem}"]
    qt, pyside = qt_versions()
    return [*lines, f"Qt {qt}, PySide6 {pyside}"]


def system_name() -> str:
    """The system as its users call it: "Debian GNU/Linux 12 (bookworm)", "Windows 10 …"."""
    if sys.platform == "win32":
        return f"{platform.system()} {platform.release()} {platform.version()}"
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()


def imports() -> Finding:
    """Import every module of the program, and all libraries that it stands on."""
    names = [found.name for found in pkgutil.walk_packages(tagwerk.__path__, "tagwerk.")]
    if len(names) < LEAST_MODULES:
        raise Faulty(
            "only {count} modules of the program were found",
            cure="The package is not complete: install the program anew.",
            count=len(names),
        )
    missing = []
    for name in (*_MODULES, *_OF_SYSTEM.get(sys.platform, ()), *names):
        try:
            importlib.import_module(name)
        except ImportError as problem:
            missing.append(f"{name} ({problem})")
    if missing:
        raise Faulty(
            "cannot be imported: {names}",
            cure="The package is not complete: install the program anew.",
            names="; ".join(missing[:5]),
        )
    return message("{count} modules", count=len(names) + len(_MODULES))


def versions() -> Finding:
    """The versions of the libraries; Qt and its Python part must be of one build."""
    from tagwerk.ui.self_test import qt_versions

    qt, pyside = qt_versions()
    if qt.split(".")[:2] != pyside.split(".")[:2]:
        raise Faulty(
            "Qt {qt} and PySide6 {pyside} do not belong together",
            cure="Replace Qt's libraries only by ones of the same minor version.",
            qt=qt,
            pyside=pyside,
        )
    return message("{packages}", packages=", ".join(package_versions()))


def keyring_keeps() -> Finding:
    """Name the keyring; where it is a real one, store, read and delete a secret of this test."""
    from tagwerk.link.secrets import SecretStoreUnavailable, keyring_name, try_keyring

    try:
        name = keyring_name(KEYRING_S)
    except SecretStoreUnavailable as problem:
        return Told(problem.text, problem.cure_text)
    secret = secrets.token_urlsafe(24)
    try:
        # A name that nothing else has, so that no password of a plant can be touched.
        kept, left = try_keyring(f"self-test-{uuid.uuid4()}", secret, KEYRING_S)
    except SecretStoreUnavailable as problem:
        return Told(message("{name}: {said}", name=name, said=problem.text), problem.cure_text)
    if kept != secret or left is not None:
        raise Faulty(
            "{name} does not keep what it is given",
            cure="Passwords are lost there: look after the keyring of this computer.",
            name=name,
        )
    return message("{name}: stored, read, deleted", name=name)


def certificate_store() -> Finding:
    """The system's certificate store can be used; whom it holds is the system's business."""
    from tagwerk.domain.connection import Trust
    from tagwerk.link.tls import client_context

    context = client_context(Trust())
    if context is None:
        raise Faulty("there is no TLS context")
    where, count = _system_authorities()
    if not count:
        return Told(
            message("{library}; no certificate authorities in {where}",
                    library=ssl.OPENSSL_VERSION, where=where),
            message("Install the system's certificates (Debian: ca-certificates), or give Tagwerk the plant's CA file."),
        )  # fmt: skip
    return message(
        "{library}; {count} certificate authorities in {where}",
        library=ssl.OPENSSL_VERSION,
        count=count,
        where=where,
    )


def crash_report(folder: Path) -> Finding:
    """A report can be written, tells where it was, and holds no secret."""
    secret = secrets.token_urlsafe(24)
    try:
        raise RuntimeError(f"password={secret}")
    except RuntimeError as error:
        path = write_report(folder, error, "self test")
    text = path.read_text(encoding="utf-8") if path is not None else ""
    if crash_report.__name__ not in text or secret in text:
        raise Faulty(
            "{folder}: no report that can be passed on",
            cure="Look whether the temporary folder can be written to.",
            folder=str(folder),
        )
    return message("stack and versions, nothing secret")


def _system_authorities() -> tuple[str | Message, int]:
    """Where the system keeps whom it trusts, and how many there are."""
    if sys.platform == "win32":
        found = ssl.enum_certificates("ROOT") + ssl.enum_certificates("CA")
        return message("the certificate store of Windows"), len(found)
    for path in _authority_files():
        try:
            text = path.read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        return str(path), text.count("-----BEGIN ")
    return str(_authority_files()[0]), 0


def _authority_files() -> list[Path]:
    """The files in which Linux distributions keep their authorities, the present one first."""
    paths = ssl.get_default_verify_paths()
    named = [paths.cafile] if paths.cafile else []
    usual = (
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/pki/tls/cert.pem",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    )
    return [Path(name) for name in (*named, *usual)]
