"""How much one may ask: a bucket per principal, and one per address for whoever is nobody."""

import math
from collections import OrderedDict
from dataclasses import dataclass

MOST_BUCKETS = 10_000
"""The buckets used least recently are forgotten beyond this many: a flood of addresses must not fill the memory."""
BURST_SECONDS = 2.0
ONE = 1.0 - 1e-9
"""What counts as one: many small fillings do not add up to the last digit."""


@dataclass(slots=True)
class Bucket:
    """What is left of a rate: fills evenly, up to what `BURST_SECONDS` bring, but at least to one."""

    rate_per_second: float
    most: float
    left: float
    filled_at_seconds: float

    def take(self, now_seconds: float) -> float:
        """Take one; return 0.0, or after how many seconds there will be one to take."""
        grown = (now_seconds - self.filled_at_seconds) * self.rate_per_second
        self.left = min(self.most, self.left + max(0.0, grown))
        self.filled_at_seconds = now_seconds
        if self.left >= ONE:
            self.left -= 1.0
            return 0.0
        return (1.0 - self.left) / self.rate_per_second


class Limits:
    """The buckets of one process. `now_seconds` is any clock that only goes forward."""

    def __init__(self, rate_per_second: float) -> None:
        self._rate_per_second = rate_per_second
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, key: str, now_seconds: float) -> int:
        """Take one from a bucket; return 0, or the whole seconds to wait."""
        bucket = self._buckets.get(key)
        if bucket is None:
            most = max(1.0, self._rate_per_second * BURST_SECONDS)
            bucket = self._buckets[key] = Bucket(self._rate_per_second, most, most, now_seconds)
            if len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return math.ceil(bucket.take(now_seconds))
