"""Tags as fields of the schema: browse, read, write, and their log."""
# ruff: noqa: N803 - methods and arguments have the schema's spelling.

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tagwerk.simulator.access import Caller, Gate, refusal, texts_of
from tagwerk.simulator.filters import browse_filter
from tagwerk.simulator.leaving import leaving_of
from tagwerk.simulator.state import BrowseObject, ModelError, TagState
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.variants import data_type_spelling, object_type_spelling
from tagwerk.simulator.wire import Fields, Wire
from tagwerk.simulator.writes_played import WritesPlayed

if TYPE_CHECKING:
    from tagwerk.simulator.model import PlantModel

_DISPLAYS = {"null": None, "empty": ""}
"""What a browse shows in the place of display names, by value of the switch; else the name."""


class TagFields:
    """Each ``do_…`` is the field of that name."""

    def __init__(
        self,
        model: PlantModel,
        wire: Wire,
        switches: Switches,
        gate: Gate,
        now_ns: Callable[[], int],
        writes: WritesPlayed,
    ) -> None:
        self._model = model
        self._wire = wire
        self._switches = switches
        self._gate = gate
        self._now_ns = now_ns
        self._is_shuffled = switches.on("shuffled")
        self._unresolved = switches.text("unresolved-as")
        self._spell_object = object_type_spelling(switches)
        self._spell_data = data_type_spelling(switches)
        self._display = switches.text("display-name-as")
        self.writes = writes
        self.leaving = leaving_of(switches, now_ns)

    def short(self, asked: str) -> str:
        """The plant's name of a tag. Raises ModelError 2 when it has left the project."""
        short = self._wire.short(asked)
        return short if self.leaving is None else self.leaving.resolve(short)

    def _ordered(self, items: Iterable[Fields]) -> Iterable[Any]:
        """A reply's items, in another order where a switch wants it."""
        return list(items)[::-1] if self._is_shuffled else items

    def do_browse(
        self,
        caller: Caller,
        nameFilters: Sequence[str | None],
        objectTypeFilters: Sequence[str | None],
        baseTypeFilters: Sequence[str | None],
        language: str,
    ) -> Iterator[Fields]:
        keep = browse_filter(
            texts_of("nameFilters", nameFilters),
            texts_of("objectTypeFilters", objectTypeFilters),
            texts_of("baseTypeFilters", baseTypeFilters),
            self._wire.system,
        )
        rows = self._browse_rows(keep, caller, language)
        if self._spell_object or self._spell_data or self._display or self.leaving:
            rows = self._respelled(rows)
        return iter(self._ordered(rows))

    def _browse_rows(
        self, keep: Callable[[BrowseObject], bool], caller: Caller, language: str
    ) -> Iterator[Fields]:
        outward = self._wire.outward
        hides = self._gate.hides
        for item in self._model.browse():
            if keep(item) and not (hides and not self._gate.sees(caller, item.name)):
                display = item.display
                yield {
                    "name": outward(item.name),
                    "displayName": display.get(language) or display.get("en-US", item.name),
                    "objectType": item.object_type,
                    "dataType": item.data_type,
                }

    def _respelled(self, rows: Iterator[Fields]) -> Iterator[Fields]:
        """Browse rows as switches want types spelled, without what has left the project."""
        for row in rows:
            if self.leaving is not None:
                listed = self.leaving.listed(self._wire.short(row["name"]))
                if listed is None:
                    continue
                row["name"] = self._wire.outward(listed)
            if self._display:
                row["displayName"] = _DISPLAYS.get(self._display, row["name"])
            kind = row["dataType"]
            if self._spell_object is not None:
                row["objectType"] = self._spell_object(row["objectType"], kind)
            if self._spell_data is not None:
                row["dataType"] = self._spell_data(kind)
            yield row

    def state(self, asked: str) -> TagState:
        """The tag of a name.

        Raises:
            ModelError: 2 cannot be resolved, 202 a structure.
        """
        return self._model.state(self.short(asked))

    def do_tagValues(
        self,
        caller: Caller,
        names: Sequence[str],
        directRead: bool | None = False,
    ) -> Iterator[Fields]:
        return iter(self._ordered(self._read(caller, names)))

    def _read(self, caller: Caller, names: Sequence[str]) -> Iterator[Any]:
        """The items of a read; the null ones are names without a tag."""
        for name in names:
            if not self._gate.sees(caller, self._wire.short(name)):
                continue
            item = self.tag_value(name)
            if item["value"] is None and self._unresolved == "left-out":
                continue
            yield None if item["value"] is None and self._unresolved == "null" else item

    def tag_value(self, asked: str) -> Fields:
        """One item of a read or a notification, the reason left out."""
        try:
            state = self.state(asked)
        except ModelError as problem:
            return {
                "name": self._wire.echo(asked),
                "value": None,
                "error": self._wire.error(None if self._unresolved == "silent" else problem),
            }
        return {
            "name": self._wire.echo(asked),
            "value": self._wire.sample(state.value, state.quality, state.time_ns, state.data_type),
            "error": self._wire.success(),
        }

    def do_writeTagValues(
        self,
        caller: Caller,
        input: Sequence[dict[str, Any] | None],
        timestamp: int | None = None,
        quality: Fields | None = None,
    ) -> list[Fields] | None:
        replies: list[Fields] = []
        refused: list[bool] = []
        for item in input:
            if item is None:
                raise refusal("An item of input is null", "BAD_USER_INPUT")
            problem = None
            try:
                self.writes.write(
                    self.short(item["name"]),
                    item["value"],
                    now_ns=self._now_ns(),
                    user=caller.identified.user.name,
                )
            except ModelError as error:
                problem = error
            refused.append(problem is not None)
            replies.append(
                {"name": self._wire.echo(item["name"]), "error": self._wire.error(problem)}
            )
        given = self.writes.reply(replies, refused)
        return None if given is None else list(self._ordered(given))
