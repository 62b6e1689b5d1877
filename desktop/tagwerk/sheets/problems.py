"""What can be wrong with a tag sheet, each problem with its row, column and reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tagwerk.domain.errors import UsageError
from tagwerk.domain.message import Message, message

MOST_PROBLEMS = 1_000
"""Problems of one sheet that are kept; a file of the wrong kind has one in every cell."""

_NAMED = 8


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """One thing that is wrong.

    Args:
        row: as the spreadsheet program numbers it, from 1; 0 for the file as a whole.
        column: title of the column as written in the file, "" for a whole row.
        text: what is wrong and what would be right; a template that the window translates.
        sheet: name of the worksheet, "" for CSV.
    """

    row: int
    column: str
    text: Message
    sheet: str = ""

    @property
    def said(self) -> Message:
        """Place and reason as one sentence, translatable to its last word."""
        if not self.row and not self.column:
            return self.text
        if self.sheet and self.column:
            return message(
                "sheet {sheet}, row {row}, column {column}: {reason}",
                sheet=self.sheet, row=self.row, column=self.column, reason=self.text,
            )  # fmt: skip
        if self.sheet:
            return message(
                "sheet {sheet}, row {row}: {reason}",
                sheet=self.sheet,
                row=self.row,
                reason=self.text,
            )
        if self.column:
            return message(
                "row {row}, column {column}: {reason}",
                row=self.row, column=self.column, reason=self.text,
            )  # fmt: skip
        return message("row {row}: {reason}", row=self.row, reason=self.text)

    def __str__(self) -> str:
        return str(self.said)


class SheetError(UsageError):
    """A tag sheet that cannot be used as it is.

    Attributes:
        problems: all that was found, up to `MOST_PROBLEMS`; the text names the first few.
        row, column: of the first problem.
    """

    def __init__(self, file: str, problems: Sequence[SheetProblem], *, cure: str = "") -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        self.row, self.column = first.row, first.column
        named = first.said
        for problem in self.problems[1:_NAMED]:
            named = message("{one} {another}", one=named, another=problem.said)
        more = len(self.problems) - _NAMED
        if more > 0:
            super().__init__(
                "Tag sheet {file}: {problems} And {more} more.",
                cure=cure if cure else "Correct the cells named and load the sheet again.", file=file, problems=named, more=more,
            )  # fmt: skip
        else:
            super().__init__(
                "Tag sheet {file}: {problems}",
                cure=cure if cure else "Correct the cells named and load the sheet again.",
                file=file,
                problems=named,
            )
