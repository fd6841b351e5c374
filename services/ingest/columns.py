"""What the columns and the values of a bureau's tables mean, in Indonesian and English. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.codes import Actor, Direction, Indicator, Initiator, Mode, Outcome

HEADINGS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "partnership": (
            *("kemitraan", "partnership", "kota", "kota kembar", "kota mitra", "mitra", "city", "sister city"),
            *("partner", "partner city", "provinsi kembar", "slug"),
        ),
        "indicator": ("indikator", "indicator", "indikator keaktifan", "jenis", "jenis kegiatan"),
        "occurred": (
            *("tanggal", "date", "occurred", "waktu", "waktu kegiatan", "tanggal kegiatan", "waktu pelaksanaan"),
            *("tanggal pelaksanaan", "when", "dates"),
        ),
        "direction": ("arah", "direction"),
        "outcome": ("hasil", "outcome", "status"),
        "title.id": (
            *("judul", "judul id", "title id", "kegiatan", "nama kegiatan", "judul kegiatan", "judul indonesia"),
            "judul bahasa indonesia",
        ),
        "title.en": ("title", "title en", "judul en", "activity", "judul inggris", "judul bahasa inggris"),
        "mode": ("moda", "mode", "cara"),
        "initiator": ("pemrakarsa", "initiator", "inisiator"),
        "actors": ("pelaku", "actors"),
        "people_to_people": ("antarwarga", "antar warga", "people to people"),
        "participants": ("peserta", "jumlah peserta", "participants"),
        "value": ("nilai", "value", "nilai bantuan"),
        "currency": ("mata uang", "currency"),
        "place": ("tempat", "lokasi", "place", "location"),
        "fields": ("bidang", "bidang kerja sama", "fields"),
        "description.id": ("uraian", "deskripsi", "uraian id", "description id"),
        "description.en": ("description", "description en", "uraian en"),
        "source": ("sumber", "source"),
    }
)
NUMBERED = ("no", "nomor", "number", "no urut")
"""Columns that only count the rows."""

_WORDS: Mapping[type[StrEnum], Mapping[StrEnum, Sequence[str]]] = MappingProxyType(
    {
        Indicator: {
            Indicator.CONTACT: ("kontak", "kontak dan komunikasi", "komunikasi", "contact and communication"),
            Indicator.DOCUMENT: ("dokumen", "dokumen kerja sama"),
            Indicator.VISIT: ("kunjungan", "visits", "kunjungan timbal balik"),
            Indicator.AID: ("bantuan",),
            Indicator.JOINT_EVENT: ("kegiatan bersama", "acara bersama"),
        },
        Direction: {
            Direction.OUTBOUND: ("keluar", "ke luar"),
            Direction.INBOUND: ("masuk", "ke dalam"),
            Direction.MUTUAL: ("timbal balik", "dua arah", "both", "keduanya"),
        },
        Outcome: {
            Outcome.HELD: ("terlaksana", "dilaksanakan", "selesai"),
            Outcome.DECLINED: ("ditolak",),
            Outcome.POSTPONED: ("ditunda",),
            Outcome.PLANNED: ("direncanakan", "rencana"),
            Outcome.UNKNOWN: ("tidak diketahui",),
        },
        Mode: {
            Mode.IN_PERSON: ("tatap muka", "luring", "langsung"),
            Mode.ONLINE: ("daring", "virtual"),
            Mode.UNKNOWN: ("tidak diketahui",),
        },
        Initiator: {
            Initiator.HOME: ("pihak sendiri", "pemerintah daerah"),
            Initiator.PARTNER: ("mitra",),
            Initiator.MUTUAL: ("bersama",),
            Initiator.THIRD_PARTY: ("pihak ketiga",),
        },
        Actor: {
            Actor.HOME_GOVERNMENT: ("pemerintah daerah sendiri", "pemerintah daerah"),
            Actor.PARTNER_GOVERNMENT: ("pemerintah mitra",),
            Actor.CITY_GOVERNMENT: ("pemerintah kota",),
            Actor.NATIONAL_GOVERNMENT: ("pemerintah pusat",),
            Actor.EMBASSY: ("kedutaan", "kbri", "kjri"),
            Actor.CITY_COUNCIL: ("dprd",),
            Actor.BUSINESS: ("dunia usaha", "swasta"),
            Actor.SCHOOL: ("sekolah",),
            Actor.COMMUNITY: ("masyarakat", "komunitas"),
            Actor.INTERCITY_ORGANISATION: ("organisasi antarkota",),
            Actor.INTERNATIONAL_DONOR: ("donor internasional",),
        },
    }
)
YES_AND_NO = MappingProxyType({"ya": True, "yes": True, "true": True, "tidak": False, "no": False, "false": False})


class ColumnMapping(BaseModel):
    """What a bureau has said about its own tables, under a name: which column is what.

    `columns` gives each heading its field, null to leave it out; `values` stand in every row; `day_first` says how
    03/04/2019 is meant.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: Annotated[dict[str, str | None], Field(max_length=200)] = {}
    values: dict[str, Annotated[str, Field(max_length=300)]] = {}
    day_first: bool | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands; and the headings that mean nothing here, or the same twice."""

    fields: dict[str, int]
    unknown: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)


def simple(text: str) -> str:
    """Return a heading or a value in the form in which it is looked up: small letters, single spaces, no signs."""
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split())


_FIELDS = {simple(heading): name for name, headings in HEADINGS.items() for heading in (name, *headings)}
_CODES: dict[type[StrEnum], dict[str, StrEnum]] = {
    kind: {simple(word): code for code, words in meanings.items() for word in (code.value, *words)}
    for kind, meanings in _WORDS.items()
}


def match_columns(headings: Sequence[str], mapping: ColumnMapping) -> Columns:
    """Say which column holds which field: as the mapping says, else by the heading."""
    said = {simple(heading): name for heading, name in mapping.columns.items()}
    columns = Columns({})
    for index, heading in enumerate(headings):
        key = simple(heading)
        name = said[key] if key in said else _FIELDS.get(key)
        if name is None:
            if key and key not in said and key not in NUMBERED:
                columns.unknown.append(heading)
        elif name in columns.fields:
            columns.twice.append(heading)
        else:
            columns.fields[name] = index
    return columns


@lru_cache(maxsize=10_000)
def code_for(kind: type[StrEnum], text: str) -> str | None:
    """Return the code that a word stands for in either language, None where it stands for none."""
    code = _CODES[kind].get(simple(text))
    return code.value if code is not None else None
