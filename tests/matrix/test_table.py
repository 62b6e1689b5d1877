"""The table in the documentation says what the tests hold."""

from matrix.table import BEGIN, END, PAGE, renewed, table
from tagwerk.simulator.switch_list import SWITCHES


def test_the_page_has_a_row_for_every_switch():
    page = PAGE.read_text(encoding="utf-8")
    assert page.count(BEGIN) == page.count(END) == 1
    assert renewed(page) == page, "renew it: cd tests && python -m matrix.table"


def test_a_switch_without_a_row_would_be_seen():
    text = table()
    assert all(f"| `{switch.name}`" in text for switch in SWITCHES)
    assert "not written down yet" not in text
