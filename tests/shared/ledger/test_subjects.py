"""Subjects and partitions are the same on every machine and for ever."""

from uuid import UUID

from shared.ledger.subjects import any_with_id, home_in, partition_of, subject_of

SOME_ID = UUID("11111111-2222-4333-8444-555555555555")


def test_the_partition_of_a_partnership_never_changes():
    assert {slug: partition_of("jakarta", slug) for slug in ("beijing", "seoul", "los-angeles")} == {
        "beijing": "5.3",
        "seoul": "3.7",
        "los-angeles": "7.5",
    }


def test_the_64_partitions_are_all_used():
    partitions = {partition_of("jakarta", f"partner-{number}") for number in range(2_000)}

    assert partitions == {f"{a}.{b}" for a in range(8) for b in range(8)}


def test_what_concerns_the_whole_home_stands_apart():
    assert subject_of("jakarta", SOME_ID, None) == f"ledger.jakarta.{SOME_ID}.all.all"


def test_the_id_stands_before_the_partition():
    assert subject_of("jakarta", SOME_ID, "seoul").startswith(any_with_id("jakarta", SOME_ID).removesuffix(">"))
    assert home_in(subject_of("jakarta", SOME_ID, "seoul")) == "jakarta"
