"""A small line of counts over time, as the points of an SVG polyline."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

WIDTH, HEIGHT = 100, 24
BUCKETS = 24


@dataclass(frozen=True, slots=True)
class Spark:
    """The points of the line and of the area below it, and the counts for those who read numbers."""

    line: str
    area: str
    counts: tuple[int, ...]
    bucket: timedelta

    @property
    def most(self) -> int:
        """The highest count."""
        return max(self.counts, default=0)


def spark(times: Iterable[datetime], since: datetime, until: datetime, buckets: int = BUCKETS) -> Spark:
    """Count times into equal parts of a stretch and draw them, the highest at the top."""
    bucket = (until - since) / buckets
    counts = [0] * buckets
    for time in times:
        place = int((time - since) / bucket)
        if 0 <= place < buckets:
            counts[place] += 1
    most = max(counts, default=0) or 1
    step = WIDTH / (buckets - 1)
    points = [f"{step * place:.1f},{HEIGHT - 1 - (HEIGHT - 3) * count / most:.1f}" for place, count in enumerate(counts)]
    line = " ".join(points)
    return Spark(line, f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}", tuple(counts), bucket)
