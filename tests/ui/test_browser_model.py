"""The item model keeps Qt's rules, whatever is put, searched, filtered and made a favourite."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.store.outline import ALL_KINDS, USUAL_KINDS, Outline
from tagwerk.store.search import TagSearch
from tagwerk.store.tree import ROOT, TagTree
from tagwerk.ui.browser.model import HANDLE_ROLE, NAME, TAG_ROLE, TagTreeModel
from tagwerk.ui.browser.rows import RowTexts
from tagwerk.ui.mime import TAG_MIME, has_tags, tag_mime, tags_from_mime

S = "HMI_RT_1::"


def model_of(tree: TagTree) -> TagTreeModel:
    outline = Outline(tree)
    return TagTreeModel(outline, RowTexts(outline, None))


def walk(model: TagTreeModel, parent: QModelIndex | None = None) -> list[str]:
    """Every row's full name, through the model's own interface."""
    above = parent if parent is not None else QModelIndex()
    names = []
    for row in range(model.rowCount(above)):
        index = model.index(row, NAME, above)
        assert model.parent(index) == above
        assert model.index_of(index.data(HANDLE_ROLE)) == index
        names.append(index.data(TAG_ROLE))
        if model.hasChildren(index):
            names.extend(walk(model, index))
    return names


names = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["A", "B2", "B10", "pv", "Ü"]), min_size=1, max_size=3).map(
            ".".join
        ),
        st.sampled_from([TagKind.TAG, TagKind.STRUCTURE, TagKind.TYPE]),
        st.sampled_from(["", ":Log", ":High"]),
    ),
    max_size=15,
)
steps = st.lists(
    st.one_of(
        names,
        st.sampled_from(
            ["clear", "finish", "all", "usual", "favorite", "search a", "search b1", "no search"]
        ),
    ),
    max_size=8,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
def test_the_model_is_sound_after_any_steps(qapp, made):
    tree = TagTree()
    model = model_of(tree)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    outline = model.outline
    for step in made:
        if isinstance(step, list):
            tree.put(
                [
                    BrowseItem(S + name + suffix, "", TagKind.ALARM if suffix else kind, "LReal")
                    for name, kind, suffix in step
                ]
            )
        elif step == "clear":
            tree.clear()
        elif step == "finish":
            tree.finish()
        elif step == "all":
            outline.kinds = ALL_KINDS
        elif step == "usual":
            outline.kinds = USUAL_KINDS
        elif step == "favorite":
            outline.favorites = [f"{S}A", f"{S}A.pv"]
        elif step == "no search":
            outline.search = None
        else:
            outline.search = TagSearch(outline.tree, step.removeprefix("search "))
            outline.search.step(1.0)
        model.refresh()
        shown = walk(model)
        if outline.search is None and outline.kinds == ALL_KINDS and not outline.favorites:
            assert len(shown) == outline.tree.node_count - 1
    del tester


def test_texts_and_columns(qapp):
    tree = TagTree()
    tree.put([BrowseItem(f"{S}Area.T1", "Temperatur", TagKind.TAG, "LReal")])
    model = model_of(tree)
    assert [model.headerData(column, Qt.Orientation.Horizontal) for column in range(3)] == [
        "Name", "Value", "Unit",
    ]  # fmt: skip
    index = model.index_of(tree.node(f"{S}Area.T1"))
    assert index.data() == "T1"
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "T1, Temperatur"
    assert f"{S}Area.T1" in index.data(Qt.ItemDataRole.ToolTipRole)
    assert "LReal" in index.data(Qt.ItemDataRole.ToolTipRole)
    assert model.columnCount(index.siblingAtColumn(1)) == 4
    assert model.rowCount(index.siblingAtColumn(1)) == 0


def test_dragged_structures_carry_what_can_be_plotted(qapp):
    tree = TagTree()
    tree.put(
        [
            BrowseItem(f"{S}A.T1", "", TagKind.TAG, "LReal"),
            BrowseItem(f"{S}A.Text", "", TagKind.TAG, "WString"),
            BrowseItem(f"{S}A.T1:Log", "", TagKind.LOGGING_TAG, ""),
            BrowseItem(f"{S}A.T1:High", "", TagKind.ALARM, ""),
            BrowseItem(f"{S}B", "", TagKind.TAG, "WString"),
        ]
    )
    model = model_of(tree)

    def dragged(*names: str) -> list[str]:
        indexes = [model.index_of(tree.node(S + name)) for name in names]
        mime = model.mimeData(indexes)
        assert mime.text().splitlines() == tags_from_mime(mime)
        return tags_from_mime(mime)

    assert dragged("A") == [f"{S}A.T1"]
    assert dragged("B") == [f"{S}B"]
    assert dragged("A.T1:Log", "A.T1") == [f"{S}A.T1"]
    assert dragged("A.T1:High") == []
    assert dragged("") == [f"{S}A.T1"]
    assert TAG_MIME in model.mimeTypes()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"tags": 5}', b'{"tags": [1, "", null]}', b"\xff\xfe"]
)
def test_a_drop_of_nonsense_is_no_tags(content):
    mime = QMimeData()
    mime.setData(TAG_MIME, content)
    assert tags_from_mime(mime) == []
    assert has_tags(mime)


def test_tags_packed_are_tags_unpacked():
    mime = tag_mime(["S::A", "S::Kühlung.PV", "S::A"])
    assert tags_from_mime(mime) == ["S::A", "S::Kühlung.PV"]
    assert not has_tags(QMimeData())
    assert tags_from_mime(QMimeData()) == []


def test_the_root_is_no_row(qapp):
    model = model_of(TagTree())
    assert not model.index_of(ROOT).isValid()
    assert model.tag(ROOT) == ""
