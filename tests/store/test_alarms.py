"""The alarm store and its views against models that are too simple to be wrong."""

from __future__ import annotations

import math
import threading
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwerk.domain.alarms import Alarm, AlarmEvent, AlarmKey, AlarmState, Notification
from tagwerk.store.alarm_order import (
    AlarmFilter,
    SortBy,
    SortOrder,
    comparable,
    matches,
    narrows,
    search_text,
)
from tagwerk.store.alarm_view import AT_ONCE, AlarmView
from tagwerk.store.alarms import AT_ONCE as MOST_A_DRAIN
from tagwerk.store.alarms import AlarmCounts, AlarmStore, compare, is_active

ACK = "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT"
RESET = "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET"


def alarm(name="A", state=AlarmState.RAISED, **fields):
    fields.setdefault("state_machine", ACK)
    fields.setdefault("raise_time_ns", 100)
    return Alarm(AlarmKey(name, 1), state, **fields)


def put(store, *alarms, reason=Notification.MODIFIED):
    store.put([AlarmEvent(reason, each) for each in alarms])
    return store.drain()


def live_store(*alarms):
    store = AlarmStore()
    store.restart(alarms)
    store.mark_live(1)
    while not store.is_known:
        store.drain()
    return store


def test_a_long_list_is_taken_over_in_several_frames_and_counts_at_the_end():
    store = AlarmStore()
    store.mark_live(1)
    many = [alarm(f"A{i}") for i in range(2 * MOST_A_DRAIN)]
    store.restart(many)
    store.put([AlarmEvent(Notification.REMOVED, many[0])])
    assert store.drain()
    assert (store.is_known, store.is_stale) == (False, True)
    assert 0 < len(store) < len(many)
    while not store.is_known:
        store.drain()
    store.drain()
    assert not store.is_stale
    assert len(store) == len(many) - 1


def test_a_list_that_its_link_did_not_outlive_makes_nothing_live():
    store = AlarmStore()
    store.mark_live(1)
    many = [alarm(f"A{i}") for i in range(2 * MOST_A_DRAIN)]
    store.restart(many)
    store.drain()
    store.link_ended()
    store.mark_stale(2)
    assert len(store) == len(many)
    store.mark_live(3)
    store.drain()
    assert store.is_stale
    store.restart(many[:5])
    while store.is_stale:
        store.drain()
    assert len(store) == 5
    assert len(store.outage.went) == len(many) - 5


def test_a_newer_list_supersedes_one_that_is_half_taken_over():
    store = live_store(alarm("old"))
    store.restart([alarm(f"A{i}") for i in range(2 * MOST_A_DRAIN)])
    store.drain()
    store.restart([alarm("new")])
    for _ in range(3):
        store.drain()
    assert [each.name for each in store] == ["new"]
    assert not store.is_stale


def test_a_flood_is_taken_in_parts_and_the_last_word_of_each_alarm_counts():
    store = live_store()
    store.put([AlarmEvent(Notification.ADDED, alarm(f"A{i}")) for i in range(MOST_A_DRAIN + 10)])
    store.drain()
    assert len(store) == MOST_A_DRAIN
    store.put([AlarmEvent(Notification.MODIFIED, alarm("A0", value=5))])
    store.drain()
    assert store.get(AlarmKey("A0", 1)).value == 5
    assert len(store) == MOST_A_DRAIN + 10


def test_an_alarm_is_active_while_it_stands_or_waits_for_somebody():
    assert is_active(alarm(state=AlarmState.RAISED, state_machine="RAISE_CLEAR"))
    assert is_active(alarm(state=AlarmState.RAISED_CLEARED))
    assert not is_active(alarm(state=AlarmState.RAISED_CLEARED, state_machine="RAISE_CLEAR"))
    assert is_active(alarm(state=AlarmState.RAISED_ACKNOWLEDGED))
    assert not is_active(alarm(state=AlarmState.RAISED_CLEARED_ACKNOWLEDGED))
    assert is_active(alarm(state=AlarmState.RAISED_CLEARED_ACKNOWLEDGED, state_machine=RESET))
    assert is_active(alarm(state=AlarmState.UNKNOWN))
    assert not is_active(alarm(state=AlarmState.NORMAL))
    assert not is_active(alarm(state=AlarmState.REMOVED))


@pytest.mark.parametrize("state", [AlarmState.NORMAL, AlarmState.REMOVED])
def test_an_alarm_leaves_with_its_last_state(state):
    store = live_store(alarm())
    assert put(store, alarm(state=state))
    assert len(store) == 0
    assert store.counts == AlarmCounts()


def test_a_removal_needs_nothing_but_the_key():
    store = live_store(alarm("A"), alarm("B"))
    bare = Alarm(AlarmKey("A", 1), AlarmState.RAISED)
    assert put(store, bare, reason=Notification.REMOVED)
    assert [each.name for each in store] == ["B"]


def test_changes_of_one_alarm_between_two_frames_become_one():
    store = live_store()
    events = [AlarmEvent(Notification.MODIFIED, alarm(value=number)) for number in range(1000)]
    store.put(events)
    assert store.drain()
    assert store.get(AlarmKey("A", 1)).value == 999
    assert (store.received, store.coalesced) == (1000, 999)
    assert not store.drain()


def test_a_restart_drops_what_is_not_in_it_and_keeps_the_numbers_of_the_rest():
    store = live_store(alarm("A"), alarm("B"))
    kept = store.id_of(AlarmKey("B", 1))
    store.put([AlarmEvent(Notification.ADDED, alarm("Z"))])
    store.restart([alarm("B", text="again"), alarm("C")])
    store.put([AlarmEvent(Notification.ADDED, alarm("D"))])
    assert store.drain()
    assert {each.name for each in store} == {"B", "C", "D"}
    assert store.id_of(AlarmKey("B", 1)) == kept


def test_a_number_is_never_given_again():
    store = live_store(alarm())
    first = store.id_of(AlarmKey("A", 1))
    put(store, alarm(), reason=Notification.REMOVED)
    put(store, alarm())
    assert store.id_of(AlarmKey("A", 1)) != first
    assert store.alarm(first) is None


def test_instances_of_one_alarm_are_alarms_of_their_own():
    two = replace(alarm(), key=AlarmKey("A", 2))
    assert len(live_store(alarm(), two)) == 2


def test_the_list_is_stale_until_the_server_has_said_what_stands():
    store = AlarmStore()
    assert store.is_stale
    assert not store.is_known
    store.mark_live(5)
    assert store.is_stale
    store.restart([])
    assert store.drain()
    assert not store.is_stale
    assert store.is_known
    store.mark_stale(70)
    store.mark_stale(90)
    assert store.stale_since_ns == 70


def test_a_list_that_arrives_before_the_link_is_called_live_counts():
    store = live_store(alarm())
    store.mark_stale(70)
    store.restart([alarm()])
    store.drain()
    store.mark_stale(80)  # another step of the reconnect
    assert store.stale_since_ns == 70
    store.mark_live(90)
    assert not store.is_stale


def test_alarms_of_before_the_loss_do_not_make_the_list_live():
    store = live_store(alarm())
    store.mark_stale(70)
    store.mark_live(90)
    assert store.is_stale


def test_the_latest_clearing_is_remembered_after_the_alarm_left():
    store = live_store(alarm())
    put(store, alarm(state=AlarmState.NORMAL, clear_time_ns=500))
    put(store, alarm("B", state=AlarmState.NORMAL, clear_time_ns=400))
    assert store.last_cleared_ns == 500


def test_putting_from_a_thread_loses_nothing():
    store = live_store()
    done = threading.Event()

    def stream():
        for number in range(2_000):
            store.put([AlarmEvent(Notification.ADDED, alarm(f"A{number % 500}", value=number))])
        done.set()

    thread = threading.Thread(target=stream)
    thread.start()
    while not done.is_set():
        store.drain()
    thread.join()
    store.drain()
    assert len(store) == 500
    assert store.get(AlarmKey("A499", 1)).value == 1999
    assert store.received == 2_000


# Views.


def test_a_flood_of_short_alarms_leaves_nothing_behind_in_a_view_that_nobody_refreshes():
    store = live_store()
    view = store.open_view()
    view.refresh()
    for number in range(200):
        put(store, alarm(f"A{number}"))
        put(store, alarm(f"A{number}"), reason=Notification.REMOVED)
    assert not view.is_due


def test_a_closed_view_is_left_alone():
    store = live_store()
    view = store.open_view()
    view.refresh()
    store.close_view(view)
    store.close_view(view)
    put(store, alarm())
    assert len(view.refresh()) == 0


def test_rows_stay_where_they_are_until_the_table_has_made_room():
    store = live_store(alarm("A"), alarm("B"))
    view = store.open_view()
    before = view.refresh().ids()
    put(store, alarm("C", raise_time_ns=900))
    assert view.prepare() == 1
    assert view.ids() == before
    moves = view.commit()
    assert view.ids()[1:] == before
    assert (moves.came, moves.left) == ({view.id_at(0)}, frozenset())
    assert view.prepare() is None


def test_another_sort_of_many_goes_in_steps_while_the_old_one_follows_changes():
    store = live_store(*(alarm(f"A{i}", raise_time_ns=i + 1, priority=i % 7) for i in range(3_000)))
    view = store.open_view()
    view.refresh()
    by_priority = SortOrder(SortBy.PRIORITY, False)
    view.set_sort(by_priority)
    assert view.step()
    assert view.is_sorting
    put(store, alarm("A7", raise_time_ns=9_000, priority=3))
    put(store, alarm("A2999"), reason=Notification.REMOVED)
    put(store, alarm("late", raise_time_ns=9_500, priority=1))
    assert view.prepare() == 0
    view.commit()
    assert store.alarm(view.id_at(0)).name == "late"
    while view.step():
        pass
    assert not view.is_sorting
    assert view.prepare() == 0
    assert view.commit().came is None
    view.refresh()
    assert view.ids() == naive_order(store, by_priority, view.filter)


def test_a_sort_that_is_changed_while_it_is_worked_out_begins_anew():
    store = live_store(*(alarm(f"A{i}", raise_time_ns=i + 1) for i in range(3_000)))
    view = store.open_view()
    view.refresh()
    view.set_filter(AlarmFilter(text="a1"))
    view.step()
    view.set_filter(AlarmFilter(text="a29"))
    view.step()
    view.set_filter(AlarmFilter())
    assert len(view.refresh()) == 3_000


def test_many_changes_at_once_are_taken_in_parts():
    store = live_store()
    view = store.open_view()
    view.refresh()
    for i in range(2 * AT_ONCE + 10):
        store.put([AlarmEvent(Notification.ADDED, alarm(f"A{i}", raise_time_ns=i))])
    while store.drain():
        pass
    view._next = None
    parts = 0
    while view.is_due:
        assert 0 < view.prepare() <= AT_ONCE
        view.commit()
        parts += 1
    assert parts == 3


@given(st.data())
def test_what_narrows_lets_nothing_new_through(data):
    filters = st.builds(
        AlarmFilter,
        text=st.text("ab ", max_size=4),
        unacknowledged=st.booleans(),
        priority_min=st.sampled_from([0, 11]),
        areas=st.sets(st.sampled_from(["", "x"])).map(frozenset),
        shelved=st.sampled_from([True, False, None]),
    )
    old, new = data.draw(filters), data.draw(filters)
    one = alarm(
        text=data.draw(st.text("ab ", max_size=5)),
        area=data.draw(st.sampled_from(["", "x"])),
        priority=data.draw(st.sampled_from([0, 12])),
        suppression=data.draw(st.sampled_from(["", "SHELVED"])),
    )
    if narrows(new, old) and matches(one, new):
        assert matches(one, old)


def test_the_search_finds_words_in_tag_text_area_and_class_whatever_their_case():
    one = alarm(
        "HMI_RT_1::Dosing.P2111.Trip:Alarm",
        text="Motor protection tripped, STRASSE",
        area="Dosing",
        class_name="Warning",
        trigger_tag="HMI_RT_1::Dosing.P2111.Trip",
    )
    for words in ("p2111", "MOTOR tripped", "dosing", "warn", "straße", "P2111 motor"):
        assert matches(one, AlarmFilter(text=words)), words
    assert not matches(one, AlarmFilter(text="motor cooling"))
    assert "hmi_rt_1" not in search_text(one)


def test_shelved_alarms_are_hidden_unless_asked_for():
    shelved = alarm(suppression="SUPPRESSED_AND_SHELVED")
    assert not matches(shelved, AlarmFilter())
    assert matches(shelved, AlarmFilter(shelved=True))
    assert matches(shelved, AlarmFilter(shelved=None))
    assert live_store(shelved).counts == AlarmCounts(shelved=1)


@pytest.mark.parametrize("descending", [True, False])
def test_what_is_missing_comes_last_both_ways(descending):
    store = live_store(
        alarm("none", value=None),
        alarm("nan", value=math.nan),
        alarm("one", value=1),
        alarm("text", value="x"),
    )
    view = store.open_view()
    view.set_sort(SortOrder(SortBy.VALUE, descending, unacknowledged_first=False))
    names = [store.alarm(number).name for number in view.refresh().ids()]
    assert set(names[2:]) == {"none", "nan"}
    assert names[:2] == (["text", "one"] if descending else ["one", "text"])


def test_standing_alarms_sort_by_how_long_they_stand():
    store = live_store(
        alarm("old", raise_time_ns=100, state_machine="RAISE_CLEAR"),
        alarm("new", raise_time_ns=900, state_machine="RAISE_CLEAR"),
        alarm("short", AlarmState.RAISED_CLEARED, raise_time_ns=50, clear_time_ns=60),
    )
    view = store.open_view()
    view.set_sort(SortOrder(SortBy.STANDS_FOR, True, unacknowledged_first=False))
    names = [store.alarm(number).name for number in view.refresh().ids()]
    assert names == ["old", "new", "short"]


NAMES = [f"A{number}" for number in range(12)]
ALARMS = st.builds(
    alarm,
    st.sampled_from(NAMES),
    st.sampled_from(list(AlarmState)),
    state_machine=st.sampled_from(["RAISE", "RAISE_CLEAR", ACK, RESET]),
    priority=st.integers(0, 16),
    text=st.sampled_from(["", "Pump", "pump tripped", "Ärger", "ß"]),
    area=st.sampled_from(["", "Dosing", "Cooling"]),
    class_name=st.sampled_from(["Alarm", "Warning"]),
    raise_time_ns=st.one_of(st.none(), st.integers(1, 6)),
    clear_time_ns=st.one_of(st.none(), st.integers(7, 9)),
    value=st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.floats(), st.text(max_size=1)),
    suppression=st.sampled_from(["UNSUPPRESSED", "SHELVED"]),
)
EVENTS = st.builds(AlarmEvent, st.sampled_from(list(Notification)), ALARMS)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(EVENTS, max_size=6)),
        st.tuples(st.just("restart"), st.lists(ALARMS, max_size=8)),
        st.tuples(
            st.just("sort"),
            st.builds(SortOrder, st.sampled_from(list(SortBy)), st.booleans(), st.booleans()),
        ),
        st.tuples(
            st.just("filter"),
            st.builds(
                AlarmFilter,
                text=st.sampled_from(["", "PUMP", "a1 pump", "ss"]),
                unacknowledged=st.booleans(),
                priority_min=st.sampled_from([0, 11]),
                areas=st.sampled_from(
                    [frozenset(), frozenset({"Dosing"}), frozenset({"", "Cooling"})]
                ),
                shelved=st.sampled_from([True, False, None]),
            ),
        ),
        st.tuples(st.just("refresh"), st.none()),
    ),
    max_size=25,
)


def naive_order(store, sort, wanted):
    """Sort all, then put the unacknowledged first: three stable sorts, no cleverness."""
    found = [(store.id_of(each.key), each) for each in store if matches(each, wanted)]
    found.sort(key=lambda pair: (pair[1].raise_time_ns or 0, pair[0]), reverse=True)
    view = SortOrder(sort.by, sort.descending, False)
    found.sort(key=lambda pair: view.entry(0, pair[1])[1], reverse=sort.descending)
    if sort.unacknowledged_first:
        found.sort(key=lambda pair: not pair[1].needs_acknowledgement)
    return [number for number, _ in found]


def naive_counts(alarms):
    shown = [each for each in alarms if not each.is_shelved]
    return AlarmCounts(
        active=len(shown),
        unacknowledged=sum(each.needs_acknowledgement for each in shown),
        standing=sum(each.is_standing for each in shown),
        cleared_unacknowledged=sum(
            each.needs_acknowledgement and not each.is_standing for each in shown
        ),
        waiting_for_reset=sum(each.needs_reset for each in shown),
        high_priority=sum(each.priority >= 11 for each in shown),
        shelved=sum(each.is_shelved for each in alarms),
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(ALARMS, max_size=8), st.lists(ALARMS, max_size=8))
def test_an_outage_is_what_lies_between_the_two_lists(first, second):
    before = {each.key: each for each in first}
    now = {each.key: each for each in second}
    store = live_store(*before.values())
    store.link_ended()
    store.mark_stale(2)
    store.restart(now.values())
    store.mark_live(3)
    store.drain()
    plain = compare(
        {key: each for key, each in before.items() if is_active(each)},
        {key: each for key, each in now.items() if is_active(each)},
    )
    for part in ("came", "went", "acknowledged"):
        found, wanted = getattr(store.outage, part), getattr(plain, part)
        assert {each.key for each in found} == {each.key for each in wanted}, part


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_store_and_view_agree_with_a_naive_model(steps):
    store = AlarmStore()
    view = store.open_view()
    model: dict[AlarmKey, Alarm] = {}
    for what, load in [*steps, ("refresh", None)]:
        if what == "put":
            store.put(load)
            for event in load:
                model.pop(event.alarm.key, None)
                if event.reason is not Notification.REMOVED and is_active(event.alarm):
                    model[event.alarm.key] = event.alarm
        elif what == "restart":
            store.restart(load)
            model = {each.key: each for each in load if is_active(each)}
            # The last of several records of one alarm wins, also when it is over.
            last = {each.key: each for each in load}
            assert set(model) >= {key for key, each in last.items() if is_active(each)}
        elif what == "sort":
            view.set_sort(load)
        elif what == "filter":
            view.set_filter(load)
        else:
            store.drain()
            order = view.refresh()
            assert {each.key: id(each) for each in store}.keys() == model.keys()
            assert store.counts == naive_counts(list(store))
            assert store.areas == {
                area: sum(each.area == area for each in store if not each.is_shelved)
                for area in sorted({each.area for each in store if not each.is_shelved})
            }
            assert order.ids() == naive_order(store, view.sort, view.filter)
            assert [order.id_at(row) for row in range(len(order))] == order.ids()
            assert [view.row_of(number) for number in order.ids()] == list(range(len(order)))


def test_a_view_over_plain_records_sorts_them_too():
    records = {1: alarm("a", raise_time_ns=1), 2: alarm("b", raise_time_ns=2)}
    view = AlarmView(records, SortOrder(SortBy.RAISED, descending=False))
    assert view.refresh().ids() == [1, 2]
    assert view.row_of(7) == -1


@given(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())
    )
)
def test_any_two_values_can_be_compared(value):
    for other in (None, 0, math.nan, math.inf, "text", True, [1]):
        for descending in (True, False):
            first = comparable(value, descending=descending)
            second = comparable(other, descending=descending)
            assert (first < second) + (second < first) + (first == second) == 1
