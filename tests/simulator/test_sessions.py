"""Users, tokens and sliding expiry."""

from simulator.conftest import Clock
from tagwerk.simulator.sessions import USERS, SessionStore


def store(**options):
    clock = Clock()
    return SessionStore(clock, **options), clock


def test_login_needs_the_right_password():
    sessions, _ = store()
    assert sessions.login("operator", "wrong") is None
    assert sessions.login("somebody", "") is None
    session = sessions.login("Operator", "Operator-1")
    assert session is not None
    assert sessions.find(session.token) is session


def test_use_renews_and_silence_ends():
    sessions, clock = store(auto_logoff_s=10)
    session = sessions.login("viewer", "Viewer-1")
    clock.forward(9)
    sessions.touch(session)
    clock.forward(9)
    assert sessions.find(session.token) is session
    clock.forward(1)
    assert sessions.find(session.token) is None
    assert sessions.is_expired(session)


def test_extend_may_give_a_new_token_while_the_old_runs_out():
    sessions, clock = store(auto_logoff_s=10, renews_token=True)
    old = sessions.login("viewer", "Viewer-1")
    clock.forward(5)
    new = sessions.extend(old)
    assert new.token != old.token
    assert sessions.find(old.token) is old
    clock.forward(6)
    assert sessions.find(old.token) is None
    assert sessions.find(new.token) is new


def test_logout_of_one_and_of_all():
    sessions, _ = store()
    first, second = (sessions.login("viewer", "Viewer-1") for _ in range(2))
    other = sessions.login("operator", "Operator-1")
    assert sessions.of_user(first.user) == [first, second]
    sessions.logout(first)
    assert sessions.of_user(first.user) == [second]
    sessions.logout(second, all_sessions=True)
    assert sessions.find(second.token) is None
    assert sessions.find(other.token) is other


def test_secrets_are_not_in_representations():
    sessions, _ = store()
    session = sessions.login("viewer", "Viewer-1")
    assert session.token not in repr(session)
    assert all(user.password not in repr(user) for user in USERS)
