"""What was subscribed and delivered is no part of what is computed from the ledger: a rebuild leaves it as it is."""

from cli.rebuild import PROJECTIONS
from services.scoring.store import NOT_IN_THE_LEDGER
from shared.postgres.pool import open_pool
from shared.projection.rebuild import open_rebuild
from tests.services.scoring.delivery.test_deliver import settled
from tests.support.alerts import delivering, raise_alert, settings_of, states, subscribe
from tests.support.receivers import answering, receiving


async def test_subscriptions_and_what_was_sent_outlive_a_rebuild_under_a_running_deliverer(ledger, database):
    settings = settings_of(database)
    pool = await open_pool(settings, "scoring")
    async with receiving(answering(200)) as receiver, delivering(settings):
        made = await subscribe(pool, receiver.url, None)
        await raise_alert(pool)
        await settled(pool)
        kept = {table: await pool.fetch(f"SELECT * FROM {table}") for table in NOT_IN_THE_LEDGER}

        async with open_rebuild(PROJECTIONS["scoring"], ledger, settings) as building:
            await building.swap()
        await pool.expire_connections()
        assert {table: await pool.fetch(f"SELECT * FROM {table}") for table in NOT_IN_THE_LEDGER} == kept

        await raise_alert(pool)
        await settled(pool)
        assert await states(pool, made.id) == ["delivered", "delivered"]
        await pool.execute("DELETE FROM subscription")
        assert await pool.fetchval("SELECT count(*) FROM attempt") == 0
    await pool.close()
