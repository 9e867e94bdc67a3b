"""What the documents show works, to the letter."""

import pathlib

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from run_document import run

mpl.use("Agg")
ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "least"), [("python/README.md", 1), ("docs/python.md", 7), ("README.md", 1)]
)
def test_blocks_run(name, least, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert run(ROOT / name) >= least
    plt.close("all")
