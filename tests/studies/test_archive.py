"""Archives of studies: reports from them are those of the runs, and nothing else gets out of them."""

import io
import json
import tarfile

import pytest

from mathbench.errors import InputError
from mathbench.studies.archive import finished_runs, pack, unpack
from mathbench.studies.plan import StudyPlan
from mathbench.studies.report.csv_files import rows
from mathbench.studies.report.found import read_results
from mathbench.studies.run_study import read_study, run_study
from tests.baselines.commands import mathbench

LEARNERS = ("gru", "constant")


@pytest.fixture
def finished(planned):
    """The plan of a part of the small study, finished."""
    plan = planned(tasks=("threes",), learners=LEARNERS)
    list(run_study(plan))
    return plan


def table(folder):
    return list(rows(read_results(StudyPlan(read_study(folder), folder, learners=LEARNERS))))


def test_reports_from_an_archive_are_those_of_the_runs(finished, tmp_path):
    file, out = tmp_path / "small.tar.xz", tmp_path / "unpacked"
    assert pack(finished.out, file) == len(finished_runs(finished.out)) >= 4
    assert unpack(file, out) == pack(out, tmp_path / "again.tar.xz")
    assert table(out) == table(finished.out)
    assert (tmp_path / "again.tar.xz").read_bytes() == file.read_bytes()


def test_a_study_goes_on_from_an_archive(finished, tmp_path, small):
    file, out = tmp_path / "small.tar.xz", tmp_path / "unpacked"
    pack(finished.out, file)
    unpack(file, out)
    before = {path: path.stat().st_mtime_ns for path in out.glob("**/result.json")}
    plan = StudyPlan(small(), out, "small.toml", tasks=("threes",))
    ran = {outcome.job.title.split(" / ")[1] for outcome in run_study(plan)}
    assert "gru-dense" in ran
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_runs_that_are_there_stay(finished, tmp_path):
    file = tmp_path / "small.tar.xz"
    pack(finished.out, file)
    started = finished_runs(finished.out)[0]
    (started / "result.json").unlink()
    assert unpack(file, finished.out) == 0 and not (started / "result.json").exists()


@pytest.mark.parametrize(
    "name",
    [
        "runs/threes/gru/seed0/model.pt",
        "../result.json",
        "/result.json",
        "runs/a/../seed0/result.json",
        "x/y",
    ],
)
def test_nothing_else_gets_out_of_an_archive(tmp_path, finished, name):
    file = tmp_path / "bad.tar.xz"
    with tarfile.open(file, "w:xz") as archive:
        text = finished.study.text.encode()
        for member, data in (("study.toml", text), (name, b"{}")):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    with pytest.raises(InputError, match="no archive of a study"):
        unpack(file, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_links_are_refused(tmp_path):
    file = tmp_path / "bad.tar.xz"
    with tarfile.open(file, "w:xz") as archive:
        info = tarfile.TarInfo("study.toml")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(InputError):
        unpack(file, tmp_path / "new")


def test_damaged_files_and_other_studies_are_refused(finished, tmp_path, small):
    file = tmp_path / "small.tar.xz"
    pack(finished.out, file)
    whole = file.read_bytes()
    for damage in (b"", b"no archive", whole[: len(whole) // 2]):
        (tmp_path / "damaged.tar.xz").write_bytes(damage)
        with pytest.raises(InputError):
            unpack(tmp_path / "damaged.tar.xz", tmp_path / "new")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        unpack(file, tmp_path / "full")
    (finished.out / "study.toml").write_text(finished.study.text.replace('"small"', '"other"'))
    with pytest.raises(InputError, match="the study other"):
        unpack(file, finished.out)


def test_commands(finished, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert mathbench("study", "pack", "out", "--json") == 0
    assert json.loads(capsys.readouterr().out)["runs"] == len(finished_runs(finished.out))
    assert mathbench("study", "unpack", "out.tar.xz") == 0
    assert (tmp_path / "runs" / "out" / "study.toml").is_file()
    assert "new in" in capsys.readouterr().err
    with monkeypatch.context() as inside:
        inside.chdir(tmp_path / "out")
        (tmp_path / "out.tar.xz").unlink()
        assert mathbench("study", "pack", ".") == 0
        assert (tmp_path / "out.tar.xz").is_file()
    capsys.readouterr()
    for words in (("pack", ""), ("pack", "nothing"), ("unpack", "nothing.tar.xz"), ("unpack", "out")):
        assert mathbench("study", *words) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
