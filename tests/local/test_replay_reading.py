"""Files are told by their content, read to the end, and their lines are numbered as an editor numbers them."""

import gzip
import io
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from local.replay.reading import SourceFile, UnreadableFileError

NDJSON = b'{"a":1}\n\n{"a":2}\r\n{"a":3}'
CSV = b'id,name\r\n1,"two\nlines"\r\n2,caf\xc3\xa9\r\n'
CUT = gzip.compress(b"\n".join(b'{"n":%d}' % n for n in range(50_000)))[:-20]
DAMAGED = CUT[:9_000] + b"\xff" * 64 + CUT[9_064:]
BOM = b"\xef\xbb\xbf"


def read(path: Path) -> list[tuple[int, object]]:
    with closing(SourceFile(str(path))) as source:
        return [(line.number, line.fields()) for line in source.lines()]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("mark", [b"", BOM])
def test_ndjson_and_csv_are_told_by_content_whatever_the_name(tmp_path: Path, pack: object, mark: bytes) -> None:
    assert callable(pack)
    ndjson, table = tmp_path / "lies.csv", tmp_path / "lies.json.gz"
    ndjson.write_bytes(pack(mark + NDJSON))
    table.write_bytes(pack(mark + CSV))
    assert read(ndjson) == [(1, {"a": 1}), (3, {"a": 2}), (4, {"a": 3})]
    assert read(table) == [(3, {"id": "1", "name": "two\nlines"}), (4, {"id": "2", "name": "café"})]


def test_raw_bytes_are_kept_as_they_are(tmp_path: Path) -> None:
    odd = b'{ "b" : 1.0,\t"a":"\\u00e9" }'
    (tmp_path / "f").write_bytes(odd + b"\n")
    with closing(SourceFile(str(tmp_path / "f"))) as source:
        assert [line.raw for line in source.lines()] == [odd]


def test_a_file_is_read_again_from_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(gzip.compress(NDJSON))
    with closing(SourceFile(str(tmp_path / "f"))) as source:
        digest = source.digest()
        assert [len(list(source.lines())) for _ in range(2)] == [3, 3]
        assert source.digest() == digest


def test_standard_input_is_read_like_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(gzip.compress(NDJSON))))
    with closing(SourceFile("-")) as source:
        assert [len(list(source.lines())) for _ in range(2)] == [3, 3]


def test_a_row_with_too_few_cells_is_bad_alone(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"a,b\n1,2\n3\n4,5\n")
    with closing(SourceFile(str(tmp_path / "f"))) as source:
        good, bad, after = source.lines()
    assert (good.fields(), after.fields()) == ({"a": "1", "b": "2"}, {"a": "4", "b": "5"})
    with pytest.raises(ValueError, match="not a JSON object"):
        bad.fields()


@pytest.mark.parametrize("content", [CUT, DAMAGED, b"a,b\n\xff,1\n"])
def test_a_file_that_breaks_off_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f").write_bytes(content)
    with closing(SourceFile(str(tmp_path / "f"))) as source, pytest.raises(UnreadableFileError, match="to its end"):
        list(source.lines())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"nowhere.*No such file"):
        SourceFile(str(tmp_path / "nowhere"))


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    assert read(tmp_path / "f") == []
