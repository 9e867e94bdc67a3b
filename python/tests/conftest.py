"""What the tests share: data, and the command line beside which results are held."""

import json
import os
import shutil
import subprocess

import pytest
import taugrid

Y = [28, 8, -3, 7, -1, 1, 18, 12]
SIGMA = [15, 10, 16, 11, 9, 11, 10, 18]
LABELS = list("ABCDEFGH")


@pytest.fixture(scope="session")
def r():
    """Eight schools under a half-Cauchy prior."""
    return taugrid.fit(Y, SIGMA, "half_cauchy:5", labels=LABELS)


@pytest.fixture(scope="session")
def program():
    """The program: that of the build, or that of the wheel."""
    path = os.environ.get("TAUGRID_CLI") or shutil.which("taugrid")
    assert path, "no program taugrid: set TAUGRID_CLI"
    return path


@pytest.fixture(scope="session")
def cli(program, tmp_path_factory):
    """Run the program on the eight schools with --format json."""
    data = tmp_path_factory.mktemp("data") / "schools.csv"
    rows = [f"{label},{y},{s}" for label, y, s in zip(LABELS, Y, SIGMA, strict=True)]
    data.write_text("\n".join(["label,y,sigma", *rows]) + "\n")

    def run(command, *arguments, **keywords):
        process = subprocess.run(
            [program, command, keywords.pop("data", str(data)), *arguments],
            capture_output=True,
            text=True,
            check=False,
            **keywords,
        )
        if "json" in arguments and process.returncode == 0:
            return json.loads(process.stdout)
        return process

    return run
