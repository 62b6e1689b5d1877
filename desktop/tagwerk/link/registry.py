"""The dialects that the link speaks. A new one is a line here."""

from __future__ import annotations

from tagwerk.dialects import DIALECTS
from tagwerk.dialects.base import DialectInfo
from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.ports import PlantSink
from tagwerk.link.basic_keeper import BasicKeeper
from tagwerk.link.client import HttpClient
from tagwerk.link.keeper import Keeper
from tagwerk.link.live_link import LiveLink
from tagwerk.link.polled_link import PolledLink
from tagwerk.link.rest_client import RestClient
from tagwerk.link.session import SessionKeeper
from tagwerk.link.side import ServerSide
from tagwerk.link.speaker import Feeds, FeedSetup, Speaker, SpokenClient
from tagwerk.link.transport import HttpTransport


class _Unified:
    info: DialectInfo = DIALECTS["unified"]

    def keeper(self, transport: HttpTransport, user: str, password: str) -> Keeper:
        return SessionKeeper(transport, user, password)

    def client(self, keeper: Keeper, profile: ConnectionProfile) -> SpokenClient:
        del profile
        if not isinstance(keeper, SessionKeeper):
            raise TypeError("a keeper of another dialect")
        return HttpClient(keeper)

    def feeds(self, side: ServerSide, sink: PlantSink, setup: FeedSetup) -> Feeds:
        return LiveLink(side, sink, setup)


class _Classic:
    info: DialectInfo = DIALECTS["classic"]

    def keeper(self, transport: HttpTransport, user: str, password: str) -> Keeper:
        return BasicKeeper(transport, user, password)

    def client(self, keeper: Keeper, profile: ConnectionProfile) -> SpokenClient:
        if not isinstance(keeper, BasicKeeper):
            raise TypeError("a keeper of another dialect")
        return RestClient(keeper, zone=profile.time_zone, alarm_filter=profile.alarm_filter)

    def feeds(self, side: ServerSide, sink: PlantSink, setup: FeedSetup) -> Feeds:
        return PolledLink(side, sink, setup)


SPEAKERS: dict[str, Speaker] = {"unified": _Unified(), "classic": _Classic()}
"""By the word of ``--dialect``; the first one is tried first where nobody said which."""
