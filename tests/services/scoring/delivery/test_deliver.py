"""What is delivered, to whom, in which order, and what becomes of what is not taken: real receivers, real tables."""

import pytest

from tests.support.alerts import delivering, raise_alert, states, subscribe
from tests.support.receivers import answering, receiving
from tests.support.waiting import until


async def test_an_alert_reaches_whoever_subscribes_signed_and_once(pool, settings):
    async with receiving(answering(204)) as receiver, delivering(settings):
        made = await subscribe(pool, receiver.url)
        alert = await raise_alert(pool)
        await until(lambda: states_are(pool, made, ["delivered"]))

    (got,) = receiver.got
    body = got.verify(made.secret)
    assert (body["type"], body["data"]["id"]) == ("partnership.dormant", str(alert))


async def states_are(pool, made, wanted):
    return await states(pool, made.id) == wanted
