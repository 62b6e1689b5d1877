"""Types are looked up some a frame, and what came before they were known is put right."""

from __future__ import annotations

from plant.test_late_news import COUNT, learn_type, number, plant, start
from tagwerk.domain.tags import data_type_from_text
from tagwerk.domain.values import GOOD, Sample
from tagwerk.plant.types import FRAMES_TO_SETTLE, LESSONS_A_FRAME, KnownTypes, TypeLessons

__all__ = ["plant"]
LONG, TEXT = data_type_from_text("LInt"), data_type_from_text("WString")
NAMES = frozenset(f"T{number}" for number in range(LESSONS_A_FRAME * 2 + 5))


class School:
    """Lessons, and what was asked for."""

    def __init__(self):
        self.asked = []
        self.types = KnownTypes()
        self.answer = LONG
        self.lessons = TypeLessons(self.types, self.look_up)

    def look_up(self, name):
        self.asked.append(name)
        return self.answer

    def knows(self, name):
        (sample,) = self.types.put_right([Sample(name, "17", GOOD, 1, 1)])
        return sample.value == 17

    def learn_all(self):
        while self.lessons.frame():
            pass


def test_thousands_of_names_are_learned_some_a_frame_and_each_once():
    school = School()
    school.lessons.want(NAMES)
    counts = []
    while found := school.lessons.frame():
        counts.append(len(found))
        assert all(school.knows(name) for name in found)
    assert counts == [LESSONS_A_FRAME, LESSONS_A_FRAME, 5]
    assert sorted(school.asked) == sorted(NAMES)


def test_only_new_names_are_looked_up_when_the_views_change():
    school = School()
    school.lessons.want(frozenset({"a", "b"}))
    school.learn_all()
    school.asked.clear()
    school.lessons.want(frozenset({"b", "c"}))
    assert school.lessons.frame() == ["c"]
    assert school.asked == ["c"]
    assert not school.knows("a"), "what nobody wants is not kept"


def test_after_a_browse_all_are_looked_up_again_and_hold_until_then():
    school = School()
    school.lessons.want(NAMES)
    school.learn_all()
    school.asked.clear()
    school.lessons.again()
    assert all(school.knows(name) for name in NAMES)
    school.lessons.frame()
    school.lessons.want(NAMES | {"one more"})
    school.answer = TEXT
    school.learn_all()
    assert sorted(school.asked) == sorted(NAMES | {"one more"})
    assert not school.knows("one more"), "digits may be the value of a text tag"


def test_it_settles_some_frames_after_the_last_lesson():
    school = School()
    assert not school.lessons.is_settling()
    school.lessons.want(frozenset({"a"}))
    school.lessons.frame()
    asked = [school.lessons.is_settling() for _ in range(FRAMES_TO_SETTLE)]
    assert asked == [True] * (FRAMES_TO_SETTLE - 1) + [False]


def test_a_value_that_the_stream_delivers_a_frame_after_the_lesson_is_put_right_too(plant):
    start(plant)
    learn_type(plant)
    plant.drain()
    # As if the stream had looked at the types just before they were learned.
    plant.live.put([number("21")])
    assert COUNT in plant.drain().values
    assert plant.live.get(COUNT).value == 21
