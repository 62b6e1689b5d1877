"""The bill of materials: CycloneDX 1.6 as JSON, from components. No input or output.

The same components give the same text: no clock, no random serial number.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from .model import Component

_KEYS = ("$schema", "bomFormat", "specVersion", "version", "metadata", "components", "dependencies")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "tagwerk.sbom")


def bill(
    components: Sequence[Component],
    *,
    version: str,
    system: str,
    own_files: Sequence[str],
    sha256: Callable[[str], str],
    moment_s: int,
) -> str:
    """The document.

    Args:
        components: what is inside.
        version: of the program.
        system: ``linux`` or ``windows``.
        own_files: executables of the program.
        sha256: digest of a file in the folder, in hexadecimal digits.
        moment_s: when the sources are from, in seconds since 1970.
    """
    own = f"pkg:generic/tagwerk@{version}"
    program: dict[str, Any] = {
        "type": "application",
        "bom-ref": own,
        "name": "Tagwerk",
        "version": version,
        "description": "The commissioning desk for WinCC",
        "licenses": [{"license": {"id": "MIT"}}],
        "purl": own,
        "components": [_file(own, name, sha256) for name in sorted(own_files)],
    }
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment_s))
    metadata: dict[str, Any] = {"timestamp": moment}
    metadata["tools"] = {
        "components": [{"type": "application", "name": "tagwerk installer/papers"}]
    }
    metadata["component"] = program
    metadata["properties"] = [{"name": "tagwerk:system", "value": system}]
    entries = [_entry(item, sha256) for item in components]
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata,
        "components": entries,
        "dependencies": _dependencies(own, components),
    }
    return _written(document)


def renewed(text: str, sha256: Callable[[str], str]) -> str:
    """The document with the digests that the files have now; the rest as it was."""
    document = json.loads(text)
    todo: list[dict[str, Any]] = [document["metadata"]["component"], *document["components"]]
    while todo:
        entry = todo.pop()
        if entry["type"] == "file":
            entry["hashes"] = [{"alg": "SHA-256", "content": sha256(entry["name"])}]
        todo += entry.get("components", ())
    return _written(document)


def _written(document: dict[str, Any]) -> str:
    """The document as text, with a serial number made of all the rest."""
    rest = {key: document[key] for key in _KEYS}
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
    number = f"urn:uuid:{uuid.uuid5(_NAMESPACE, digest)}"
    whole = {
        **{key: rest[key] for key in _KEYS[:3]},
        "serialNumber": number,
        **{key: rest[key] for key in _KEYS[3:]},
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def reference(item: Component) -> str:
    """The key of a component inside the document."""
    return item.purl or f"{item.group}:{item.name}"


def _entry(item: Component, sha256: Callable[[str], str], prefix: str = "") -> dict[str, Any]:
    own = prefix + reference(item)
    entry: dict[str, Any] = {"type": item.kind, "bom-ref": own, "name": item.name}
    if item.version:
        entry["version"] = item.version
    entry["licenses"] = [{"expression": item.licence}]
    if item.copyright:
        entry["copyright"] = item.copyright
    if item.purl:
        entry["purl"] = item.purl
    inner = [_file(own, name, sha256) for name in item.files]
    # The same part may be built into two components: its key is told apart by whose it is.
    inner += [_entry(part, sha256, prefix=f"{own}#") for part in item.parts]
    if inner:
        entry["components"] = inner
    properties = []
    if item.modules:
        properties.append({"name": "tagwerk:python-modules", "value": str(item.modules)})
    if item.note:
        properties.append({"name": "tagwerk:note", "value": item.note})
    if properties:
        entry["properties"] = properties
    return entry


def _file(owner: str, name: str, sha256: Callable[[str], str]) -> dict[str, Any]:
    return {
        "type": "file",
        "bom-ref": f"{owner}#file:{name}",
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": sha256(name)}],
    }


def _dependencies(own: str, components: Sequence[Component]) -> list[dict[str, Any]]:
    by_key = {
        item.purl.partition("@")[0].rpartition("/")[2]: item
        for item in components
        if item.group == "python"
    }
    result: list[dict[str, Any]] = [
        {"ref": own, "dependsOn": sorted(reference(item) for item in components)}
    ]
    for item in components:
        needs = sorted(reference(by_key[name]) for name in item.needs if name in by_key)
        entry: dict[str, Any] = {"ref": reference(item)}
        if needs:
            entry["dependsOn"] = needs
        result.append(entry)
    return result
