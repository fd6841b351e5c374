"""Everybody who listens gets what was raised, in order, each once."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.feeds.listening import Listeners, Recent
from services.scoring.feeds.store import Place, ToldAlert, Wanted
from shared.wire.problems import Fault

HOMES, SLUGS, KINDS = ("jakarta", "auckland"), ("hanoi", "beijing"), ("dormant", "revived")


def an_alert(position: int, number: int, home="jakarta", slug="hanoi", kind="dormant", by_law=True) -> ToldAlert:
    return ToldAlert(
        home, slug, kind, by_law, Place(position, UUID(int=number)), datetime(2026, 3, 1, tzinfo=UTC), "{}"
    )


places = st.builds(Place, st.integers(1, 12), st.integers(1, 40).map(lambda n: UUID(int=n)))
alerts_in_order = st.lists(
    st.tuples(places, st.sampled_from(HOMES), st.sampled_from(SLUGS), st.sampled_from(KINDS), st.booleans()),
    max_size=30,
    unique_by=lambda each: each[0],
).map(lambda found: [an_alert(p.position, p.alert.int, *more) for p, *more in sorted(found, key=lambda each: each[0])])
wanted = st.builds(
    Wanted,
    st.sampled_from((None, *HOMES)),
    st.sampled_from((None, *SLUGS)),
    st.sampled_from((None, frozenset(), frozenset({"dormant"}))),
    st.sampled_from((None, frozenset(), frozenset({"hanoi"}))),
    st.booleans(),
)


@given(alerts_in_order, st.integers(1, 12), st.lists(st.integers(1, 12), max_size=4), wanted, places)
def test_what_is_remembered_is_what_a_plain_loop_finds(alerts, remembered, steps, asked, place):
    recent = Recent(remembered)
    recent.begin(Place.after(0))
    for until in sorted({*steps, 12}):
        new = [each for each in alerts if recent.ends_at < each.place <= Place.after(until)]
        recent.add(new, Place.after(until))

    if place >= recent.begins_after:
        expected = [each for each in alerts if each.place > place and asked.holds(each)]
        assert recent.after(place, asked) == expected
    assert len([each for each in alerts if each.place > recent.begins_after]) == min(remembered, len(alerts))


async def test_whoever_listens_is_told_when_it_is_over():
    listeners = Listeners()

    with listeners.admitted("a") as news:
        waiting = asyncio.create_task(news.wait())
        listeners.end()
        await asyncio.wait_for(waiting, 1)

    with pytest.raises(Fault), listeners.admitted("a"):
        pass
