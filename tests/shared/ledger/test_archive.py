"""The archive holds what the ledger holds, byte for byte, whatever happens to the program or to the files."""

import asyncio
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shared.ledger.archive
from shared.ledger.archive import MOST_ENTRIES, Archive, ArchiveBroken, parse_segment, read_archive, segments_in
from shared.ledger.copying import copy_until, first_difference, keep_copying, write_anew
from shared.ledger.follow import LedgerBroken
from shared.ledger.ledger import Stored
from tests.shared.ledger.test_append import an_entry
from tests.support.engines import open_ledger, running_nats

MOMENT = datetime(2026, 11, 21, 3, 0, 0, 123456, tzinfo=UTC)


def stored(position, payload=b'{"kota": "Hanoi"}'):
    return Stored(position, MOMENT + timedelta(seconds=position), f"ledger.jakarta.{position}.1.2", payload)


def an_archive(folder, *entries, seal=False):
    with closing(Archive.open(folder)) as archive:
        archive.append(entries)
        if seal:
            archive.seal()
    return segments_in(folder)[-1]


def nothing(_):
    """Nobody watches how far it has come."""


@given(payloads=st.lists(st.binary(max_size=50), max_size=20))
@settings(max_examples=25)
def test_what_is_read_is_what_was_written(tmp_path_factory, payloads):
    folder = tmp_path_factory.mktemp("archive")
    entries = [stored(position, payload) for position, payload in enumerate(payloads, 1)]

    with closing(Archive.open(folder)) as archive:
        archive.append(entries)

    assert list(read_archive(folder)) == entries


def test_an_archive_goes_on_where_it_ended(tmp_path):
    for position in range(1, 6):
        an_archive(tmp_path, stored(position), seal=position == 3)

    assert list(read_archive(tmp_path)) == [stored(position) for position in range(1, 6)]
    assert len(segments_in(tmp_path)) == 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in segments_in(tmp_path))


def test_a_full_segment_is_sealed_and_the_next_names_its_hash(tmp_path):
    an_archive(tmp_path, *(stored(position) for position in range(1, MOST_ENTRIES + 2)))

    first, second = (parse_segment(path.read_bytes()) for path in segments_in(tmp_path))
    assert len(first.entries) == MOST_ENTRIES
    assert second.before == first.hash
    assert second.hash is None


@pytest.mark.parametrize("position", [1, 3])
def test_a_position_left_out_or_twice_is_refused(tmp_path, position):
    with closing(Archive.open(tmp_path)) as archive:
        archive.append([stored(1)])
        with pytest.raises(LedgerBroken, match=f"Position {position} came"):
            archive.append([stored(position)])


def test_two_programs_do_not_add_to_one_archive(tmp_path):
    with closing(Archive.open(tmp_path)), pytest.raises(BlockingIOError):
        Archive.open(tmp_path)


def test_a_tail_torn_at_any_byte_is_cut_and_written_again(tmp_path):
    path = an_archive(tmp_path, stored(1), stored(2), stored(3))
    whole = path.read_bytes()

    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        held = list(read_archive(tmp_path))
        assert held == [stored(position) for position in range(1, len(held) + 1)]

        with closing(Archive.open(tmp_path)) as archive:
            assert archive.checkpoint.position == len(held)
            archive.append([stored(position) for position in range(len(held) + 1, 4)])

        assert path.read_bytes() == whole


@pytest.mark.parametrize("seal", [True, False])
def test_one_flipped_bit_anywhere_is_found(tmp_path, seal):
    """Only in the last record of the last segment it cannot be told from a torn tail: the archive then ends before it."""
    path = an_archive(tmp_path, stored(1), stored(2), stored(3), seal=seal)
    whole = path.read_bytes()
    last_record = whole.rindex(b"\nsealed " if seal else b"\n3 ")

    for at in range(last_record):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        with pytest.raises(ArchiveBroken, match="damaged"):
            list(read_archive(tmp_path))


def test_a_segment_that_was_taken_away_or_changed_with_its_seal_is_found(tmp_path):
    for position in (1, 2, 3):
        an_archive(tmp_path, stored(position), seal=True)
    first, second, _ = segments_in(tmp_path)
    kept = second.read_bytes()

    second.unlink()
    with pytest.raises(ArchiveBroken, match="does not follow"):
        list(read_archive(tmp_path))

    first.unlink()
    an_archive(tmp_path / "other", stored(1, b"another"), seal=True).rename(first)
    second.write_bytes(kept)
    with pytest.raises(ArchiveBroken, match="does not follow"):
        list(read_archive(tmp_path))


def test_what_is_cut_from_between_is_kept_beside(tmp_path):
    path = an_archive(tmp_path, stored(1), stored(2), stored(3))
    path.write_bytes(path.read_bytes().replace(b"\n2 ", b"\n9 "))

    an_archive(tmp_path, stored(2))

    assert list(read_archive(tmp_path)) == [stored(1), stored(2)]
    assert b"\n3 " in path.with_suffix(".cut").read_bytes()
    assert path.with_suffix(".cut").stat().st_mode & 0o077 == 0


@asynccontextmanager
async def copying(ledger, folder):
    """Copy in the background; yields a function that waits until a position is there."""
    at, moved = [0], asyncio.Event()

    def copied(checkpoint):
        at[0] = checkpoint.position
        moved.set()

    async def reach(position):
        async with asyncio.timeout(100):
            while at[0] < position:
                assert not task.done(), task.exception()
                moved.clear()
                await moved.wait()

    task = asyncio.create_task(keep_copying(ledger, folder, copied, nothing))
    try:
        yield reach, task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, LedgerBroken):
            await task


async def test_the_ledger_is_copied_as_it_grows_and_after_every_restart(ledger, tmp_path):
    entries = []
    for _ in range(3):
        async with copying(ledger, tmp_path) as (reach, _):
            entries += await ledger.append([an_entry(payload=b"{}") for _ in range(20)])
            await reach(len(entries))
            entries += await ledger.append([an_entry(payload="Pékin\n".encode())])
            await reach(len(entries))

    assert list(read_archive(tmp_path)) == entries


async def test_copying_goes_on_when_the_server_was_killed(nats_server, ledger, tmp_path):
    async with copying(ledger, tmp_path) as (reach, _):
        entries = await ledger.append([an_entry()])
        await reach(1)
        ledger.one_try_seconds = 0.5
        nats_server.kill()
        nats_server.start()
        entries += await ledger.append([an_entry()])
        await reach(2)

    assert list(read_archive(tmp_path)) == entries


async def test_another_ledger_than_the_one_that_was_copied_is_refused(ledger, tmp_path):
    await ledger.append([an_entry(payload=b"1"), an_entry(payload=b"2")])
    with closing(Archive.open(tmp_path)) as archive:
        await copy_until(ledger, archive, 2, nothing)
    held = list(read_archive(tmp_path))

    with running_nats() as recreated:
        async with open_ledger(recreated) as other:
            await other.append([an_entry(payload=b"1"), an_entry(payload=b"other"), an_entry()])
            with pytest.raises(LedgerBroken, match="other bytes"):
                await keep_copying(other, tmp_path, nothing, nothing)

    assert list(read_archive(tmp_path)) == held


async def test_a_ledger_written_anew_from_its_archive_is_equal(ledger, tmp_path):
    """Also the moments at which events were recorded, although the server stamps them anew."""
    for number in range(3):
        await ledger.append([an_entry(payload=str(number).encode() * 600) for _ in range(700)])
    with closing(Archive.open(tmp_path)) as archive:
        await copy_until(ledger, archive, 2_100, nothing)

    with running_nats() as empty:
        async with open_ledger(empty) as restored:
            assert await write_anew(restored, read_archive(tmp_path), nothing) == 2_100
            assert await first_difference(restored, read_archive(tmp_path), 2_100, nothing) is None
            for position in (1, 1_000, 1_001, 2_100):
                assert await restored.at(position) == await ledger.at(position)
            with pytest.raises(LedgerBroken, match="not empty"):
                await write_anew(restored, read_archive(tmp_path), nothing)


async def test_where_ledger_and_archive_differ_is_told(ledger, tmp_path):
    entries = await ledger.append([an_entry(payload=str(number).encode()) for number in range(10)])
    an_archive(tmp_path, *entries[:6], stored(7))

    said = await first_difference(ledger, read_archive(tmp_path), 10, nothing)

    assert said is not None
    assert "Position 7 is not the same" in said


def test_the_form_of_a_segment_is_the_documented_one(tmp_path):
    lines = an_archive(tmp_path, stored(1), seal=True).read_text().splitlines()

    assert lines[0] == f"{shared.ledger.archive.FORMAT} 1 {'0' * 64}"
    assert lines[1].startswith("1 2026-11-21T03:00:01.123456+00:00 ledger.jakarta.1.1.2 17 ")
    assert lines[2] == '{"kota": "Hanoi"}'
    assert lines[3].startswith("sealed 1 ")
