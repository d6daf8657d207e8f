"""A replay sends what is in the file, in the order of time, and the same again the next time."""

import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.producer import Record
from local.replay.drafts import Draft, ForeignRecords, OwnEvents, rfc3339
from local.replay.mapping import read_mapping
from local.replay.pace import OriginalPace, SteadyRate, Waiter
from local.replay.reading import SourceFile
from local.replay.replay import Options, Replay, Summary, in_order
from local.replay.shift import Shift, ShiftMemory, ShiftMemoryError, decide_shift
from local.replay.where import parse_where

START_MS = 1_767_225_600_000
TWO_EVENTS = """
[time]
field = "t"
format = "epoch_ms"
[[event]]
name = "now"
[[event]]
name = "later"
after = "10s"
"""


class Sent:
    """A sender that keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def send(self, key: bytes, value: bytes, timestamp_ms: int | None) -> None:
        self.records.append((key, value, timestamp_ms))

    def poll(self, seconds: float) -> None:
        pass


def event(number: int, **members: object) -> bytes:
    made = {"type": "track", "event": "e", "messageId": f"m{number}", "timestamp": rfc3339(START_MS + number * 1000)}
    return orjson.dumps(made | {"userId": f"u{number}", "properties": {"n": number}} | members)


def write(path: Path, lines: Iterable[bytes]) -> Path:
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def replay(path: Path, options: Options = Options(), stop: threading.Event | None = None) -> tuple[Summary, Sent]:  # noqa: B008
    sent = Sent()
    with closing(SourceFile(str(path))) as source:
        return Replay(source, OwnEvents(), sent, options, stop=stop).run(), sent


def test_our_events_go_byte_for_byte_with_their_own_time_and_key(tmp_path: Path) -> None:
    lines = [event(0), event(1, userId=None, anonymousId="a"), event(2, userId=None).replace(b'","', b'" ,  "')]
    summary, sent = replay(write(tmp_path / "f", lines))
    assert [value for _, value, _ in sent.records] == lines
    assert [key for key, _, _ in sent.records] == [b"u0", b"a", b"m2"]
    assert [stamp for _, _, stamp in sent.records] == [START_MS, START_MS + 1000, START_MS + 2000]
    assert (summary.read, summary.sent, summary.bad) == (3, 3, 0)


def test_record_time_now_leaves_the_stamp_to_the_producer(tmp_path: Path) -> None:
    _, sent = replay(write(tmp_path / "f", [event(0)]), Options(record_time="now"))
    assert [stamp for _, _, stamp in sent.records] == [None]


def test_the_record_time_is_the_corrected_time(tmp_path: Path) -> None:
    wrong_clock = event(0, sentAt=rfc3339(START_MS + 500), receivedAt=rfc3339(START_MS + 3_600_500))
    _, sent = replay(write(tmp_path / "f", [wrong_clock]))
    assert sent.records[0][2] == START_MS + 3_600_000


def test_a_shift_moves_every_time_and_nothing_else(tmp_path: Path) -> None:
    times: dict[str, Any] = {
        "sentAt": rfc3339(START_MS + 5),
        "receivedAt": rfc3339(START_MS + 9),
        "originalTimestamp": None,
    }
    line = event(0, **times, properties={"found_at": "2020-01-01T00:00:00Z", "big": 2**63})
    _, sent = replay(write(tmp_path / "f", [line]), Options(shift_ms=86_400_000))
    before, after = orjson.loads(line), orjson.loads(sent.records[0][1])
    for name in ("timestamp", "sentAt", "receivedAt"):
        assert after.pop(name)[:10] == "2026-01-02"
        before.pop(name)
    assert after == before


def test_bad_lines_are_named_and_cost_their_neighbours_nothing(tmp_path: Path) -> None:
    bad = [b"{", b"[1]", b'{"a":1}', event(0, timestamp="2026-01-01T00:00:00"), b'{"a":"\xff"}', event(0, userId=5)]
    summary, sent = replay(write(tmp_path / "f", [event(0), *bad, event(1)]))
    assert [value for _, value, _ in sent.records] == [event(0), event(1)]
    assert [number for number, _ in summary.reasons] == [2, 3, 4, 5, 6, 7]
    assert (summary.read, summary.matched, summary.bad) == (8, 2, 6)
    assert "no zone" in dict(summary.reasons)[5]


def test_where_and_limit_choose_records(tmp_path: Path) -> None:
    path = write(
        tmp_path / "f", [event(number, properties={"route": "ab"[number % 2], "n": number}) for number in range(9)]
    )
    summary, sent = replay(path, Options(where=parse_where(["properties.route=b", "event=e"]), limit=2))
    assert [orjson.loads(value)["properties"]["n"] for _, value, _ in sent.records] == [1, 3]
    assert summary.matched == 2
    assert replay(path, Options(where=parse_where(["nothing=b"])))[0].sent == 0
    with pytest.raises(ValueError, match="write field=value"):
        parse_where(["route"])


def test_later_events_of_a_record_wait_for_their_time(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(TWO_EVENTS)
    path, sent = write(tmp_path / "f", [b'{"t":%d}' % (second * 1000) for second in range(1, 30)]), Sent()
    with closing(SourceFile(str(path))) as source:
        Replay(source, ForeignRecords(read_mapping(tmp_path / "m.toml")), sent, Options()).run()
    stamps = [stamp or 0 for _, _, stamp in sent.records]
    assert len(stamps) == 58
    assert stamps == sorted(stamps)


@given(st.lists(st.lists(st.integers(0, 50), max_size=4), max_size=20))
def test_ordering_loses_nothing_and_sends_no_record_before_its_first_event(times: list[list[int]]) -> None:
    records = [[(time, b"%d" % at, b"") for time in record] for at, record in enumerate(times)]
    drafts: list[Draft] = list(in_order(iter(records)))
    assert sorted(drafts) == sorted(draft for record in records for draft in record)
    firsts = [b"%d" % at for at, record in enumerate(times) if record]
    assert list(dict.fromkeys(key for _, key, _ in drafts)) == firsts


@given(st.lists(st.tuples(st.integers(0, 9), st.lists(st.integers(0, 50), max_size=3)), max_size=20))
def test_a_file_in_order_is_sent_in_order(steps: list[tuple[int, list[int]]]) -> None:
    now, records = 0, []
    for step, delays in steps:
        now += step
        records.append([(now + delay, b"", b"") for delay in (0, *delays)])
    times = [time for time, _, _ in in_order(iter(records))]
    assert times == sorted(times)


def test_a_stop_ends_between_two_events_and_the_summary_says_how_far(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    summary, sent = replay(write(tmp_path / "f", [event(number) for number in range(5)]), stop=stop)
    assert summary.sent == len(sent.records) == 1


def test_a_shift_puts_the_last_event_at_now_and_is_remembered(tmp_path: Path) -> None:
    path, memory = write(tmp_path / "f", [event(number) for number in (0, 9, 3)]), ShiftMemory(tmp_path / "data")
    with closing(SourceFile(str(path))) as source:
        first, known = decide_shift(source, b"", OwnEvents(), memory)
        assert not known
        assert START_MS + 9_000 + first.shift_ms == first.decided_at_ms
        assert decide_shift(source, b"", OwnEvents(), memory) == (first, True)
        assert decide_shift(source, b"other mapping", OwnEvents(), memory)[1] is False
        again, known = decide_shift(source, b"", OwnEvents(), memory, anew=True)
        assert not known
        assert again.decided_at_ms >= first.decided_at_ms
    assert len(orjson.loads((tmp_path / "data" / "replays.json").read_bytes())) == 2


def test_replaying_a_shifted_file_again_sends_the_very_same(tmp_path: Path) -> None:
    path, runs = write(tmp_path / "f", [event(number) for number in range(4)]), []
    for _ in range(2):
        with closing(SourceFile(str(path))) as source:
            shift, _ = decide_shift(source, b"", OwnEvents(), ShiftMemory(tmp_path))
        runs.append(replay(path, Options(shift_ms=shift.shift_ms))[1].records)
    assert runs[0] == runs[1]


def test_a_broken_memory_says_what_to_do(tmp_path: Path) -> None:
    memory = ShiftMemory(tmp_path)
    (tmp_path / "replays.json").write_text("{")
    with pytest.raises(ShiftMemoryError, match="delete it"):
        memory.keep("key", Shift("f", 1, 2))


class Clock:
    """Time that passes only while somebody waits; also the event that is waited for."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, timeout: float) -> bool:
        self.now += timeout
        return False


@pytest.mark.parametrize(("pace", "expected"), [(SteadyRate(4), [0, 0.25, 0.5]), (OriginalPace(10), [0, 1.0, 1.5])])
def test_events_are_sent_when_they_are_due(pace: Any, expected: list[float]) -> None:
    clock = Clock()
    waiter = Waiter(pace, lambda seconds: None, clock, clock)  # type: ignore[arg-type]
    due = []
    for sent, time_ms in enumerate((5_000, 15_000, 20_000)):
        waiter.wait_for(sent, time_ms)
        due.append(clock.now - 100)
    assert due == pytest.approx(expected)
