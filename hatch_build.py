"""Compiles the loops while the package is built, where a C compiler is at hand; without one all works, but slower."""

import runpy
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILD = Path(__file__).parent / "mathbench" / "compiled" / "build.py"


class CompiledLoops(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the library to the wheel, which then is for this platform, and for every version of Python."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it makes a wheel or an editable one."""
        build = runpy.run_path(str(BUILD))
        if problem := build["make"]():
            self.app.display_warning(f"mathbench will generate more slowly: no compiled loops ({problem})")
            return
        build_data["artifacts"].append("/mathbench/compiled/" + build["LIBRARY"].name)
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
