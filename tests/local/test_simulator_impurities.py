"""What the tally calls duplicate, late or malformed is so by the rules of the pipeline, however partitions are cut."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zlib import crc32

import orjson
import pytest

from local.producer import Record
from local.simulator.impurities import MALFORMED, Impurities
from local.simulator.simulator import Plan, Simulator
from local.simulator.tally import Tally
from schemas.reference import Rejection, judge

START = datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp()
LATENESS_MS, HORIZON_MS, AHEAD_MS, MAX_AGE_MS = 300_000, 900_000, 300_000, 400 * 86_400_000


@dataclass
class Partition:
    """The rules of one partition, written down plainly: a watermark, the ids seen, four verdicts."""

    watermark: int = -(1 << 62)
    seen: dict[str, int] = field(default_factory=dict)

    def verdict(self, value: bytes, stamp: int) -> str:
        if isinstance(judge(value, max_bytes=32_768), Rejection):
            return "rejected"
        event = orjson.loads(value)
        time = milliseconds(event["timestamp"])
        if "sentAt" in event:
            time += milliseconds(event["receivedAt"]) - milliseconds(event["sentAt"])
        if not stamp - MAX_AGE_MS <= time <= stamp + AHEAD_MS:
            return "rejected"
        seen = self.seen.get(event["messageId"])
        if seen is not None and self.watermark - seen <= HORIZON_MS:
            return "duplicate"
        late = time < self.watermark - LATENESS_MS
        self.watermark = max(self.watermark, time)
        self.seen[event["messageId"]] = self.watermark
        return "late" if late else "counted"


def milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def recount(stream: list[Record], partitions: int) -> dict[str, int]:
    states = [Partition() for _ in range(partitions)]
    counts = dict.fromkeys(("counted", "late", "duplicate", "rejected"), 0)
    for key, value, stamp in stream:
        counts[states[crc32(key) % partitions].verdict(value, stamp or 0)] += 1
    return counts


def simulate(plan: Plan, limit: int | None) -> tuple[Tally, list[Record]]:
    simulator = Simulator(plan)
    stream = [record for batch in simulator.events(limit=limit) for record in batch]
    return simulator.tally, stream


@pytest.mark.parametrize("partitions", [1, 7])
@pytest.mark.parametrize(
    ("plan", "limit"),
    [
        (Plan(START, seed=1, users=200, rate=1_000, impurities=Impurities(0.02, 0.02, 0.02)), 15_000),
        (Plan(START, seed=2, users=40, rate=2, impurities=Impurities(0.05, 0.05, 0.05)), 4_000),
        (Plan(START, seed=3, users=60, days=3, impurities=Impurities(0.05, 0.05, 0.05)), None),
    ],
    ids=["busy", "quiet", "days"],
)
def test_the_tally_is_what_the_rules_say(plan: Plan, limit: int | None, partitions: int) -> None:
    tally, stream = simulate(plan, limit)
    expected = {
        "counted": tally.on_time,
        "late": tally.late,
        "duplicate": tally.duplicates,
        "rejected": tally.malformed,
    }
    assert min(expected.values()) > 20
    assert recount(stream, partitions) == expected
    assert tally.sent == len(stream)


def test_shares_are_about_what_was_asked_for() -> None:
    tally, _ = simulate(Plan(START, seed=1, users=200, rate=1_000, impurities=Impurities(0.01, 0, 0.005)), 60_000)
    events = tally.events.total()
    assert tally.duplicates / events == pytest.approx(0.01, rel=0.2)
    assert tally.malformed / events == pytest.approx(0.005, rel=0.25)
    assert tally.late == 0


def test_a_pure_stream_has_no_impurities() -> None:
    tally, stream = simulate(Plan(START, seed=1, users=200, rate=1_000), 5_000)
    assert (tally.late, tally.duplicates, tally.malformed) == (0, 0, 0)
    assert recount(stream, 3)["counted"] == len(stream)


@pytest.mark.parametrize("kind", MALFORMED)
def test_every_kind_of_malformed_is_rejected_by_itself(kind: str) -> None:
    good = (
        b'{"type":"track","event":"request.served","messageId":"m","timestamp":"2026-03-02T09:00:00Z","userId":"u",'
        b'"context":{"source":"server"},"properties":{"duration_ms":1.5,"outcome":"ok"}}'
    )
    stamp = milliseconds("2026-03-02T09:00:00Z")
    assert Partition().verdict(good, stamp) == "counted"
    assert Partition().verdict(MALFORMED[kind](good), stamp) == "rejected"
