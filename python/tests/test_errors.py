"""Bad input is a ValueError with the command line's text."""

import math
import re

import numpy as np
import pandas as pd
import pytest
import taugrid
from conftest import SIGMA, Y


def said(function):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        function()
    return str(error.value)


@pytest.mark.parametrize(
    ("y", "sigma", "tau_prior", "mu_prior"),
    [
        ([1, 2, 3], [1, -1, 1], "half_normal:1", "flat"),
        ([1, "nan", 3], [1, 1, 1], "half_normal:1", "flat"),
        ([1, 2], [1, 1], "uniform", "flat"),  # improper
        ([1, 2, 3], [1, 1, 1], "half_normal", "flat"),
        ([1, 2, 3], [1, 1, 1], "half_norml:1", "flat"),
        ([1, 2, 3], [1, 1, 1], "half_normal:1", "normal:0,-1"),
        ([1, 2, 3], [1, 1, 1e30], "half_normal:1", "flat"),
        ([1, 2, 3], [1, 1, 1], "table:/nowhere.csv", "flat"),
    ],
)
def test_text_is_the_command_lines(cli, tmp_path, y, sigma, tau_prior, mu_prior):
    data = tmp_path / "data.csv"
    rows = [f"{a},{b}" for a, b in zip(y, sigma, strict=True)]
    data.write_text("\n".join(["y,sigma", *rows]) + "\n")
    process = cli("fit", "--tau-prior", tau_prior, "--mu-prior", mu_prior, data=str(data))
    assert process.returncode == 2
    text = said(lambda: taugrid.fit(y, sigma, tau_prior, mu_prior))
    # But for what only a file has: its name and its lines.
    of_file = re.compile(rf"^taugrid: {re.escape(str(data))}: (row \d+) \(line \d+\)")
    assert of_file.sub(r"taugrid: \1", process.stderr) == f"taugrid: {text}\n"


def test_data_of_other_shapes_are_named():
    assert said(lambda: taugrid.fit([1, 2], [1])) == (
        "y has 2 values and sigma has 1; their numbers must be equal"
    )
    assert said(lambda: taugrid.fit([], [])) == ("there are no schools; at least one row is needed")
    assert said(lambda: taugrid.fit([[1, 2]], [1, 1])) == (
        "y has shape (1, 2), must have one dimension"
    )
    assert said(lambda: taugrid.fit([1, "abc", 3], [1, 1, 1])) == "row 2: y is 'abc', not a number"
    assert said(lambda: taugrid.fit([1, 2, 3], [1, 1, None])) == (
        "row 3: sigma is nan, must be positive and finite"
    )
    series = pd.Series([1, None, 3], dtype="Int64")
    assert said(lambda: taugrid.fit(series, [1, 1, 1])) == "row 2: y is nan, must be finite"
    assert said(lambda: taugrid.fit(Y, SIGMA, labels=["A"])) == (
        "there are 1 labels and 8 schools; give one label a school, or none"
    )
    assert said(lambda: taugrid.fit(Y, np.ones((8, 1)))) == (
        "sigma has shape (8, 1), must have one dimension"
    )


def test_options_are_named(r):
    assert said(lambda: taugrid.fit(Y, SIGMA, backend="gpu")) == (
        "backend 'gpu' is unknown; known are auto, cpu, cuda"
    )
    assert said(lambda: taugrid.fit(Y, SIGMA, threads=-1)) == (
        "threads is -1, must be a whole number from 0 to 4096"
    )
    assert said(lambda: r.draw(0)) == "number of draws is 0, must be from 1 to 2^53"
    assert said(lambda: r.draw(10**19)) == (
        "number of draws is 10000000000000000000, must be from 1 to 2^53"
    )
    assert said(lambda: r.draw(1.5)) == "number of draws is 1.5, must be a whole number"
    assert said(lambda: r.draw(5, seed=-1)).startswith("seed is -1, must be a whole number from 0")
    assert said(lambda: r.draw(5, seed=2**64)).startswith("seed is 18446744073709551616, must")
    assert said(lambda: r.draw(5, precision="half")) == (
        "precision is 'half', must be one of double, single"
    )
    assert said(lambda: r["mu"].interval(0.9, "hdi")) == (
        "kind is 'hdi', must be one of shortest, central"
    )
    assert said(lambda: r["eta"]).startswith(
        "posterior: parameter 'eta' is unknown, must be one of"
    )
    assert "must be between 0 and 1" in said(lambda: r["mu"].quantile([0.5, 1]))
    assert "must be between 0 and 1" in said(lambda: r["mu"].interval(1))
    assert said(lambda: r["mu"].pdf(math.nan)) == "density mu: x is nan, must be a number"
    assert said(lambda: r["mu"].cdf("a")) == "row 1: x is 'a', not a number"
    assert said(lambda: r.given_tau([])) == (
        "given tau: there are no values; at least one is needed"
    )
    assert "given tau: tau is -1" in said(lambda: r.given_tau([-1]))
    with pytest.raises(MemoryError):
        r.draw(2**53)


def test_single_precision_says_what_it_cannot_hold():
    r = taugrid.fit([1e8, 1e8 + 1, 1e8], [1, 1, 1], "half_normal:1")
    assert said(lambda: r.draw(5, precision="single")) == (
        "single precision: row 1: y is 100000000, must be at most 65536 times its sigma "
        "(subtract a constant); draw in double precision"
    )


def test_arrays_that_cannot_take_the_draws_are_refused(r):
    def out(array):
        return said(lambda: r.draw(5, out=array))

    assert out(np.empty((10, 5))) == "out is float64 (10, 5), must be an array of float64 (11, 5)"
    assert out(np.empty((11, 5), dtype=np.float32)).startswith("out is float32 (11, 5), must")
    assert out([1.0]) == "out is list, must be an array of float64 (11, 5)"
    assert out(np.empty((5, 11)).T) == (
        "out must be writable, with contiguous rows one after another"
    )
    read_only = np.empty((11, 5))
    read_only.setflags(write=False)
    assert out(read_only).startswith("out must be writable")
    assert out(np.empty((11, 5))[::-1]).startswith("out must be writable")
