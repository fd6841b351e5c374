"""A made-up alert, so that somebody can see what arrives."""

from datetime import datetime, timedelta
from typing import Any

from shared.wire.envelope import rfc3339

SLUG = "contoh"
NO_ID = "00000000-0000-0000-0000-000000000000"


def sample_document(home: str, now: datetime) -> dict[str, Any]:
    """Return the document of an alert about a partnership that is not there, `sample` true."""
    today = now.date()
    silent_since = today - timedelta(days=731)
    return {
        "sample": True,
        "id": NO_ID,
        "home": home,
        "partnership": SLUG,
        "name": {"id": "Kota Contoh", "en": "Sample City"},
        "country": "ID",
        "issue": None,
        "kind": "dormant",
        "rule": "dormancy",
        "by_law": True,
        "crossed": [],
        "due": today.isoformat(),
        "on": today.isoformat(),
        "position": 0,
        "event_id": NO_ID,
        "event_type": "day.closed",
        "raised_at": rfc3339(now),
        "rating": {"before": "kurang_aktif", "after": "kurang_aktif"},
        "score": {"before": 1, "after": 1},
        "provisional": False,
        "dormant": True,
        "silent_since": silent_since.isoformat(),
        "silent_months": 24,
        "last_activity": {
            "id": NO_ID,
            "indicator": "visit",
            "direction": "inbound",
            "day": silent_since.isoformat(),
            "title": {"id": "Kunjungan wali kota", "en": "Visit of the mayor"},
        },
        "cells": [],
        "went_dark": [],
        "lit_up": [],
        "falls": None,
        "keep": None,
        "raise": None,
        "rubric": {"id": "jakarta-2020", "version": 1},
        "withdraws": None,
        "path": "/",
    }
