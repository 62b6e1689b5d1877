"""The bench with quick read-backs, its audit on disk."""

from __future__ import annotations

import pytest

from tagwerk.write.audit import AuditLog
from write.bench import Bench, make_bench


@pytest.fixture
def bench(tmp_path, monkeypatch) -> Bench:
    monkeypatch.setattr("tagwerk.write.service._FIRST_POLL_S", 0.001)
    monkeypatch.setattr("tagwerk.write.service._LONGEST_POLL_S", 0.002)
    monkeypatch.setattr("tagwerk.write.readback.SETTLED_S", 0.02)
    return make_bench(AuditLog(tmp_path / "audit.jsonl"))
