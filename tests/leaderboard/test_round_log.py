"""The log of a round: its lines are read back as written, or refused with their number."""

import json
from datetime import UTC, datetime

import pytest

from mathbench.errors import InputError
from mathbench.leaderboard import times
from mathbench.leaderboard.rounds import log

AT = datetime(2026, 1, 31, 18, tzinfo=UTC)


def closed(at="2026-01-31T18:00:00Z", previous="0" * 64):
    return {"event": "close", "at": at, "previous": previous}


def refused(folder):
    with pytest.raises(InputError) as error:
        log.read(folder)
    return str(error.value)


def test_what_was_written_is_read(tmp_path):
    first = log.next_event([], "close", AT)
    second = log.next_event([first], "close", AT)
    log.write(tmp_path, [first, second])
    assert log.read(tmp_path) == [first, second]
    assert (first.kind, first.at, first.fields) == ("close", AT, closed())
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert json.loads(lines[1]) == closed(previous=first.digest)


def test_a_folder_without_a_log_is_no_round(tmp_path):
    assert refused(tmp_path) == f"'{tmp_path}' is not a round: it contains no log.jsonl."


def test_a_time_is_one_that_there_is(tmp_path):
    for at in ("2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z"):
        (tmp_path / "log.jsonl").write_text(json.dumps(closed(at)))
        assert refused(tmp_path) == f"a time must be like 2026-01-31T18:00:00Z. Received: '{at}'."


def test_a_log_has_at_most_64_mib(tmp_path):
    with (tmp_path / "log.jsonl").open("wb") as file:
        file.truncate(2**26 + 1)
    assert refused(tmp_path) == "log.jsonl is larger than 67,108,864 bytes."


def test_the_clock_has_whole_seconds_of_utc():
    now = times.now()
    assert now.microsecond == 0 and now.tzinfo is UTC and abs((datetime.now(UTC) - now).total_seconds()) < 60
