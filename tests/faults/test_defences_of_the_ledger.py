"""Each defence of the ledger once at work and once switched off: off, the harm that it keeps away really shows.

`docs/faults.md` lists them. A defence is switched off by another configuration, or by a variant that a test makes of a part.
"""

import asyncio
import hashlib
import json
import os
import shutil
import signal
from contextlib import asynccontextmanager, closing
from dataclasses import replace

import pytest

from services.ingest.homes import Homes
from services.ingest.post import Desk, Receipts
from services.ingest.requests import read_event
from services.ingest.store import BookProjector
from shared.domain.book import Touched
from shared.ledger.archive import Archive, ArchiveBroken, read_archive, segments_in
from shared.ledger.copying import write_anew
from shared.ledger.follow import LedgerBroken
from shared.ledger.ledger import CONNECTION_ERRORS, Ledger, NotAppended, Stored
from shared.ledger.writer import Writer
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.projection.book_store import read_touched
from shared.wire.envelope import encode
from shared.wire.problems import Fault
from tests.shared.ledger.test_append import an_entry
from tests.shared.ledger.test_archive import an_archive, nothing, stored
from tests.shared.projection.test_run import Positions, a_day_closed, projecting, seen
from tests.support.build import a_partnership, a_posting, a_principal, an_activity, an_id
from tests.support.disks import disk_in_a_file
from tests.support.engines import open_ledger, running_nats, same_secrets, temporary_folder
from tests.support.installation import SetClock
from tests.support.waiting import until
from tests.support.wire import leaving_out, line_to

on_and_off = pytest.mark.parametrize("defended", [True, False], ids=["on", "off"])


@asynccontextmanager
async def connected(server_or_line, kind, user="ingest"):
    """A connection to the ledger, of some kind."""
    ledger = await kind.connect(server_or_line.url, user, same_secrets())
    try:
        yield ledger
    finally:
        await ledger.close()


@on_and_off
async def test_every_write_is_synced_before_it_is_acknowledged(tmp_path, defended):
    """The power is cut: what is on the platter at that moment is all there is."""
    interval = "always" if defended else '"2m"'
    with temporary_folder() as folder:
        (folder / "nats").mkdir()
        with (
            disk_in_a_file(tmp_path / "disk", folder / "nats"),
            running_nats(on=folder, sync_interval=interval) as server,
        ):
            async with open_ledger(server) as ledger:
                syncing = await asyncio.create_subprocess_exec("sync", "--file-system", str(folder / "nats"))
                assert await syncing.wait() == 0
                acknowledged = await ledger.append([an_entry() for _ in range(20)])
                acknowledged += [(await ledger.append([an_entry()]))[0] for _ in range(20)]
                shutil.copyfile(tmp_path / "disk", tmp_path / "platter")

    with temporary_folder() as folder:
        (folder / "nats").mkdir()
        with (
            disk_in_a_file(tmp_path / "platter", folder / "nats"),
            running_nats(on=folder, sync_interval=interval) as server,
        ):
            async with connected(server, Ledger) as ledger:
                lost = [each for each in acknowledged if await what_stands_at(ledger, each.position) != each]

    assert bool(lost) == (not defended)


async def what_stands_at(ledger, position):
    try:
        return await ledger.at(position)
    except CONNECTION_ERRORS:
        return None  # not even the stream is left


class ExpectingNothing(Ledger):
    """Publishes without saying that nothing may stand under the id yet."""

    async def _publish_one(self, entries):
        return await self.ask(entries[0].subject, entries[0].payload)


@on_and_off
async def test_an_append_expects_that_nothing_stands_under_its_id(nats_server, ledger, defended):
    """The same id comes again under another partnership, so under another subject."""
    event_id = an_id()
    await ledger.append([an_entry(event_id, "beijing")])

    async with connected(nats_server, Ledger if defended else ExpectingNothing) as second:
        outcome = await asyncio.gather(second.append([an_entry(event_id, "seoul")]), return_exceptions=True)

    assert isinstance(outcome[0], NotAppended) == defended
    assert await ledger.end() == (1 if defended else 2)


@on_and_off
async def test_the_stream_is_write_once(nats_server, defended):
    """A program that expects nothing sends another body under the same subject."""
    await nats_server.make_stream(**({} if defended else {"discard": "old", "discard_new_per_subject": False}))
    entry = an_entry(payload=b"first")
    async with connected(nats_server, Ledger) as ledger, connected(nats_server, ExpectingNothing) as careless:
        await ledger.append([entry])

        outcome = await asyncio.gather(careless.append([replace(entry, payload=b"other")]), return_exceptions=True)

        assert isinstance(outcome[0], NotAppended) == defended
        stands = await ledger.at(1)
        assert (stands is not None and stands.payload == b"first") == defended


class OneByOne(Ledger):
    """Publishes a batch as single messages, until one is refused."""

    async def _publish_batch(self, entries):
        for entry in entries:
            answer = await self._publish_one([entry])
            if "error" in json.loads(answer.data):
                break
        return answer


@on_and_off
async def test_a_batch_is_committed_whole_or_not_at_all(nats_server, ledger, defended):
    taken = an_entry()
    await ledger.append([taken])

    async with connected(nats_server, Ledger if defended else OneByOne) as second:
        with pytest.raises(NotAppended):
            await second.append([an_entry(), an_entry(), taken, an_entry()])

    assert await ledger.end() == (1 if defended else 3)


class NeverComparing(Ledger):
    """Publishes a batch without looking whether an id stands twice in it."""

    async def append_unread(self, entries):
        return await self._insist(self._publish_batch, entries)


@on_and_off
async def test_an_id_stands_once_in_an_append(nats_server, ledger, defended):
    """The server compares with what is stored, not within a batch; under two partnerships both would pass."""
    event_id = an_id()
    entries = [an_entry(event_id, "beijing"), an_entry(event_id, "seoul")]

    async with connected(nats_server, Ledger if defended else NeverComparing) as second:
        outcome = await asyncio.gather(second.append(entries), return_exceptions=True)

    assert isinstance(outcome[0], ValueError) == defended
    assert await ledger.end() == (0 if defended else 2)


class AnotherMessageEachTime(Ledger):
    """Tries again as people do who fill a form in again: the same facts under another id."""

    async def _publish_one(self, entries):
        return await super()._publish_one([an_entry(payload=entries[0].payload)])


@on_and_off
async def test_a_lost_answer_is_followed_by_the_very_same_message(nats_server, ledger, defended):
    async with (
        line_to(nats_server.port) as line,
        connected(line, Ledger if defended else AnotherMessageEachTime) as far,
    ):
        far.one_try_seconds = 0.3
        line.deaf = True
        appending = asyncio.create_task(far.append([an_entry(payload=b"a letter")]))
        await until(lambda: line.swallowed > 0)
        await until(ledger.end)
        line.deaf = False
        await appending

    assert line.swallowed > 0
    assert await ledger.end() == (1 if defended else 2)


class Hasty(Ledger):
    """Answers as soon as a message is on its way."""

    async def append(self, entries):
        for entry in entries:
            await self.send(entry.subject, entry.payload)
        await self.client._flush_pending()
        return [Stored(0, stored(1).recorded_at, entry.subject, entry.payload) for entry in entries]


@on_and_off
async def test_a_group_is_answered_only_when_the_ledger_has_acknowledged_it(nats_server, ledger, defended):
    """The server is held still, then killed: what it had not yet read is gone."""
    async with connected(nats_server, Ledger if defended else Hasty) as its_ledger:
        its_ledger.one_try_seconds = 0.3
        writer = Writer(its_ledger)
        entries = [an_entry() for _ in range(30)]
        os.kill(nats_server.part.process.pid, signal.SIGSTOP)
        posting = [asyncio.create_task(writer.append([entry])) for entry in entries]
        answered, _ = await asyncio.wait(posting, timeout=0.5)
        assert bool(answered) == (not defended)
        nats_server.kill()
        nats_server.start()

        await asyncio.gather(*posting)

    async with connected(nats_server, Ledger) as again:
        lost = [entry for entry in entries if await again.find("jakarta", entry.event_id) is None]
    assert bool(lost) == (not defended)


@pytest.fixture
async def pool(database):
    opened = await open_pool(Settings(postgres_dsn=database, postgres_connections=10), "ingest")
    yield opened
    await opened.close()


class Meeting(Writer):
    """Appends first when another has decided too; may let go of what was expected of the partition."""

    def __init__(self, ledger, both_have_decided, *, expects):
        super().__init__(ledger)
        self._both_have_decided = both_have_decided
        self._has_met = False
        self._expects = expects

    async def append(self, entries):
        if not self._has_met:
            self._has_met = True
            await self._both_have_decided.wait()
        kept = entries if self._expects else [replace(entry, partition_stands_at=None) for entry in entries]
        return await super().append(kept)


@on_and_off
async def test_what_stands_on_a_partition_is_appended_only_where_that_has_not_moved(ledger, pool, defended):
    """Two correct the same at once, through two replicas, both having decided by the same state."""
    await ledger.append([entry_of("partnership.registered", a_partnership())])
    activity = an_id()
    await ledger.append([entry_of("activity.recorded", an_activity(), activity)])
    principal, homes = a_principal("bureau"), Homes(ledger, Settings())
    both_have_decided = asyncio.Barrier(2)
    async with projecting(ledger, pool, BookProjector()) as (progress, _):
        desks = [
            Desk(ledger, writer, pool, progress, Settings(), SetClock(), homes)
            for writer in (Meeting(ledger, both_have_decided, expects=defended) for _ in range(2))
        ]
        requests = [correction_of(activity, place) for place in ("Hanoi", "Jakarta")]

        outcomes = await asyncio.gather(
            *(desk.post(request, principal) for desk, request in zip(desks, requests, strict=True)),
            return_exceptions=True,
        )
        assert await progress.reach(await ledger.end(), 20)

    accepted = [each for each in outcomes if isinstance(each, Receipts)]
    refused = [each.problem.kind for each in outcomes if isinstance(each, Fault)]
    assert (len(accepted), refused) == ((1, ["corrected-meanwhile"]) if defended else (2, []))
    book = await read_touched(pool, "jakarta", Touched(activities={activity}))
    overwritten = len(accepted) - 1
    assert book.activities[activity].facts.place in ("Hanoi", "Jakarta")
    assert overwritten == (0 if defended else 1)


@on_and_off
async def test_positions_must_be_dense(nats_server, ledger, pool, defended):
    """One delivery never comes; off, the line numbers the later ones anew, so that nobody can see it."""
    await ledger.append([a_day_closed() for _ in range(60)])
    async with (
        line_to(nats_server.port, lambda: leaving_out(30, renumbered=not defended)) as line,
        connected(line, Ledger, "scoring") as far,
        projecting(far, pool, Positions()) as (progress, task),
    ):
        if defended:
            with pytest.raises(LedgerBroken, match="Position 30 is missing"):
                await asyncio.wait_for(asyncio.shield(task), 20)
        else:
            assert await progress.reach(59, 20)
            assert not task.done()
            assert len(await seen(pool)) == 59


@on_and_off
async def test_every_entry_of_the_archive_has_its_checksum(ledger, tmp_path, defended):
    """Somebody changes an entry; off, the checksum is made to fit, as if none were compared."""
    with closing(Archive.open(tmp_path)) as archive:
        archive.append([stored(1), stored(2), stored(3)])
    (segment,) = segments_in(tmp_path)
    line = next(each for each in segment.read_bytes().split(b"\n") if each.startswith(b"2 "))
    said, payload, other = line.rpartition(b" ")[0], stored(2).payload, b'{"kota": "Tokyo"}'
    assert len(payload) == len(other)
    fitting = said + b" " + hashlib.sha256(said + b"\n" + other).hexdigest().encode()
    changed = (line if defended else fitting) + b"\n" + other
    segment.write_bytes(segment.read_bytes().replace(line + b"\n" + payload, changed))

    try:
        await write_anew(ledger, read_archive(tmp_path), nothing)
        found = None
    except ArchiveBroken as broken:
        found = str(broken)

    assert (found is not None and "damaged after position 1" in found) == defended
    restored = await ledger.at(2)
    assert (restored is None) == defended
    assert defended or restored.payload == other


@on_and_off
async def test_every_segment_of_the_archive_holds_the_hash_of_the_one_before(ledger, tmp_path, defended):
    """The first segment is replaced by another's; off, the second is made anew to follow that one."""
    for folder, payload in ((tmp_path / "kept", stored(1).payload), (tmp_path / "other", b"another")):
        for entry in (stored(1, payload), stored(2)):
            an_archive(folder, entry, seal=True)
    kept, other = segments_in(tmp_path / "kept"), segments_in(tmp_path / "other")
    for mine, its in zip(kept[: 1 if defended else 2], other, strict=False):
        mine.write_bytes(its.read_bytes())

    try:
        await write_anew(ledger, read_archive(tmp_path / "kept"), nothing)
        found = None
    except ArchiveBroken as broken:
        found = str(broken)

    assert (found is not None and "does not follow" in found) == defended
    assert await ledger.end() == (0 if defended else 2)


def entry_of(event_type, data, event_id=None):
    posting = a_posting(type=event_type, data=data, **({"id": event_id} if event_id else {}))
    return replace(an_entry(posting.id, posting.partnership), payload=encode(posting))


def correction_of(activity, place):
    data = {"activity": str(activity), "changes": {"place": place}, "reason": "Lebih tepat"}
    return read_event({"type": "activity.corrected", "data": data})
