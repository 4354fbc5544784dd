"""Who gets a stream, how many of them, and what ends one."""

from typing import Any

import pytest
from django.conf import settings as django_settings

from anlan.web.live.viewers import session_ended
from tests.cast import Cast
from tests.loop.stories import opened
from tests.web.live.streams import House, changed, off, play, session, token


def test_signing_out_ends_the_stream_and_only_that_session_s(town: Cast) -> None:
    (first, cookie), (_, other_cookie) = session("chen"), session("chen")

    async def story(house: House) -> None:
        mine, other = await house.reader(cookie=cookie), await house.reader(cookie=other_cookie)
        key = first.session_key
        await off(first.flush)
        session_ended(key)
        assert (await mine.event())[0] == "end"
        assert (await mine.event())[0] == "closed"
        await off(opened, town)
        assert (await other.event())[0] == "matter"
        assert (await house.reader(cookie=cookie)).status == 401

    play(story)


def test_a_session_that_is_gone_is_noticed_without_being_told(town: Cast) -> None:
    made, cookie = session("chen")

    async def story(house: House) -> None:
        reader = await house.reader(cookie=cookie)
        await off(made.delete)
        assert (await reader.event())[0] == "end"

    with changed("RECHECK_SECONDS", 0.05):
        play(story)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"cookie": "sessionid=wrong"}, 401),
        ({"path": "/live/t/000000000000"}, 404),
        ({"path": "/elsewhere"}, 404),
        ({"method": "POST"}, 405),
        ({"query": "looking=x"}, 400),
        ({"query": "since=-1"}, 400),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://localhost:1"}, 403),
    ],
)
def test_what_is_refused_is_refused_clearly(town: Cast, asked: dict[str, str], status: int) -> None:
    async def story(house: House) -> None:
        reader = await house.reader(**asked)
        assert reader.status in (status, 422)
        refusal = await reader.refusal()
        assert refusal["code"]
        assert refusal["message"]

    play(story)


def test_only_our_own_page_may_read_the_answer(town: Cast) -> None:
    chen, ours = token("chen"), f"http://localhost:{django_settings.ANLAN_PORT}"

    async def story(house: House) -> None:
        reader = await house.reader(authorization=chen, origin=ours)
        assert reader.headers[b"access-control-allow-origin"] == ours.encode()
        assert reader.headers[b"access-control-allow-credentials"] == b"true"

    play(story)


def test_one_session_can_not_take_all_streams(town: Cast) -> None:
    chen, wu = token("chen"), token("wu")

    async def story(house: House) -> None:
        for _ in range(2):
            assert (await house.reader(authorization=chen)).status == 200
        assert (await house.reader(authorization=chen)).status == 429
        assert (await house.reader(authorization=wu)).status == 200

    with changed("STREAMS_A_VIEWER", 2):
        play(story)


def test_one_address_can_not_take_all_streams(town: Cast, settings: Any) -> None:
    settings.ANLAN_LIVE_STREAMS_PER_ADDRESS = 1
    chen, wu = token("chen"), token("wu")

    async def story(house: House) -> None:
        first = await house.reader(authorization=chen)
        assert (await house.reader(authorization=wu)).status == 429
        await first.leave()
        assert (await house.reader(authorization=wu)).status == 200

    play(story)
