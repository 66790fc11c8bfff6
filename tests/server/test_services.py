"""Tests that need something installed are skipped without it, but not in CI."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import absent

SCRIPT = Path(__file__).parents[2] / "scripts" / "install-services"


def test_what_is_absent_is_skipped_or_fails(monkeypatch):
    monkeypatch.delenv("MATHBENCH_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no such thing"):
        absent("no such thing")
    monkeypatch.setenv("MATHBENCH_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="no such thing"):
        absent("no such thing")


def installed(tmp_path, **commands):
    """Call the script where these are the only commands; a command is the text of a script."""
    for name, text in commands.items():
        path = tmp_path / name.replace("_", "-")
        path.write_text(f"#!{shutil.which('bash')}\n{text}\n")
        path.chmod(0o755)
    environment = {"PATH": str(tmp_path), "MATHBENCH_POSTGRES_URL": "postgresql://somewhere"}
    return subprocess.run([shutil.which("bash"), SCRIPT], env=environment, capture_output=True, text=True)


def test_what_is_there_is_not_installed(tmp_path):
    done = installed(tmp_path, chromium="", chromedriver="", apt_get="exit 1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_apt_one_line_says_what_is_skipped(tmp_path):
    done = installed(tmp_path, chromium="")
    assert done.returncode == 3 and done.stdout == "" and done.stderr.count("\n") == 1
    assert "tests that need chromium-driver will be skipped" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs")
def test_root_installs_what_is_missing_and_no_more(tmp_path):
    done = installed(tmp_path, chromium="", apt_get='echo "$@"')
    assert done.returncode == 0 and done.stdout.splitlines()[-1].endswith(
        "--no-install-recommends chromium-driver"
    )
    done = installed(tmp_path, apt_get="exit 100")
    assert done.returncode == 3 and "apt-get could not install them" in done.stderr
