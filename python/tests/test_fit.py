"""The exact posterior: equal to the command line's, to the bit."""

import copy
import json
import math
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import taugrid
from conftest import LABELS, SIGMA, Y

MODELS = [
    ("half_cauchy:5", "flat"),
    ("uniform", "flat"),
    ("half_normal:3", "normal:0,5"),
    ("uniform:30", "uniform:-20,20"),
    ("fixed:0", "flat"),
    ("fixed:inf", "flat"),
    ("mixture:0.3*fixed:0+0.7*half_cauchy:5", "flat"),
]


def without_seconds(result):
    return {key: value for key, value in result.items() if key != "seconds"}


@pytest.mark.parametrize(("tau_prior", "mu_prior"), MODELS)
def test_dictionary_is_the_command_lines_json(cli, tau_prior, mu_prior):
    r = taugrid.fit(Y, SIGMA, tau_prior, mu_prior, LABELS)
    expected = cli("fit", "--tau-prior", tau_prior, "--mu-prior", mu_prior, "--format", "json")
    assert without_seconds(r.to_dict()) == without_seconds(expected)


def test_dictionary_with_what_is_given_on_request_is_too(r, cli):
    expected = cli(
        *["fit", "--tau-prior", "half_cauchy:5", "--format", "json", "--probs", "0.01,0.99"],
        *["--level", "0.9", "--exceed", "mu:0,A:28", "--density", "mu,-10:30:20"],
        *["--given-tau", "0,5,inf", "--weights", "--bayes-factors", "--loo"],
    )
    result = r.to_dict(
        probs=[0.01, 0.99],
        levels=[0.9],
        exceed=[("mu", 0), ("A", 28)],
        density=[("mu", -10, 30, 20)],
        given_tau=[0, 5, math.inf],
        weights=True,
        bayes_factors=True,
        loo=True,
    )
    assert without_seconds(result) == without_seconds(expected)


def test_parameters_have_the_bits_of_the_json(r):
    by_name = {p["name"]: p for p in r.to_dict(levels=[0.9], probs=[0.1])["parameters"]}
    assert list(by_name) == [p.name for p in r]
    assert len(r) == len(by_name) == 11
    for p in r:
        expected = by_name[p.name]
        for key in ("mean", "sd", "mode"):
            assert getattr(p, key) == expected[key]
        assert p.label == expected.get("label", "")
        assert p.quantile(0.025) == expected["q2.5"]
        assert p.quantile([0.5, 0.1]).tolist() == [expected["q50"], expected["q10"]]
        for level in ("95", "90"):
            for kind in ("central", "shortest"):
                interval = p.interval(float(level) / 100, kind)
                assert list(interval) == expected[kind + level], (p.name, kind)
    assert p.interval() == tuple(by_name["theta_new"]["shortest95"])


def test_points_have_the_bits_of_the_json(r):
    json = r.to_dict(density=[("A", -10, 30, 5)], exceed=[("A", 28)])
    curve = json["density"][0]
    assert r["A"].pdf(curve["x"]).tolist() == curve["pdf"]
    assert r["A"].cdf(curve["x"]).tolist() == curve["cdf"]
    assert r["A"].exceed(28) == json["exceed"][0]["probability"]


def test_shapes_follow_the_arguments(r):
    assert isinstance(r["mu"].cdf(3), float)
    assert isinstance(r["mu"].quantile(np.float64(0.5)), float)
    assert r["mu"].pdf([[1, 2, 3], [4, 5, 6]]).shape == (2, 3)
    assert r["mu"].cdf([-math.inf, math.inf]).tolist() == [0, 1]
    assert r["mu"].pdf([]).shape == (0,)


def test_quantile_inverts_cdf(r):
    p = np.linspace(0.001, 0.999, 37)
    for parameter in r:
        np.testing.assert_allclose(parameter.cdf(parameter.quantile(p)), p, rtol=0, atol=1e-9)


def test_given_tau_has_the_bits_of_the_json(r):
    grid = [0, 2.5, 10, math.inf]
    expected = r.to_dict(given_tau=grid)["given_tau"]
    given = r.given_tau(grid)
    assert given.tau.tolist() == grid
    assert given.theta_mean.shape == given.theta_sd.shape == (4, 8)
    assert given.theta_mean.tolist() == expected["theta"]["mean"]
    assert given.theta_sd.tolist() == expected["theta"]["sd"]
    assert given.mu_mean.tolist()[:3] == expected["mu"]["mean"][:3]
    assert np.isnan(given.mu_mean[3])
    assert given.log_density.tolist()[:3] == expected["log_density"][:3]
    assert given.i2.tolist() == expected["I2"]


def test_what_is_given_on_request_has_the_bits_of_the_json(r):
    expected = r.to_dict(weights=True, bayes_factors=True, loo=True)
    weights = r.weights()
    assert weights.shrinkage.tolist() == expected["shrinkage"]
    assert weights.theta.tolist() == expected["weights"]["theta"]
    np.testing.assert_allclose(weights.theta.sum(axis=1), 1)
    assert r.bayes_factors().tau_zero == expected["bayes_factors"]["tau=0"]
    loo = r.loo()
    assert (loo.elpd, loo.se, loo.p_loo) == tuple(
        expected["loo"][k] for k in ("elpd", "se", "p_loo")
    )
    assert loo.pointwise.tolist() == expected["loo"]["pointwise"]
    assert loo.pit.shape == (8,)


def test_what_does_not_exist_is_nan_and_is_explained():
    r = taugrid.fit([1, 2], [1, 1], "half_cauchy:1")
    assert math.isnan(r["tau"].sd)
    assert any("standard deviation" in note for note in r.notes)
    unpooled = taugrid.fit(Y, SIGMA, "fixed:inf")
    assert math.isnan(unpooled["mu"].mean)
    assert math.isnan(unpooled["mu"].quantile(0.5))
    one = taugrid.fit([1], [1], "half_normal:1")
    assert np.isnan(one.given_tau([1]).i2).all()


def test_representation_is_the_command_lines_table(r, cli):
    def lines(text):
        return [line for line in text.splitlines() if ", taugrid " not in line]  # the backend's

    table = cli("fit", "--tau-prior", "half_cauchy:5").stdout
    assert lines(repr(r)) == lines(table.rstrip("\n"))
    html = r._repr_html_()
    assert html.count("<tr>") == 12
    assert "<td>97.5%</td>" not in html
    assert "<th>97.5%</th>" in html
    assert "mean" in repr(r["A"])


def test_data_frame_has_a_row_for_each_parameter(r):
    frame = r.to_dataframe()
    assert list(frame.index) == [p.name for p in r]
    assert frame.loc["mu", "mean"] == r["mu"].mean
    assert frame.loc["theta[1]", "label"] == "A"
    assert (frame.loc["tau", "shortest95.lower"], frame.loc["tau", "shortest95.upper"]) == r[
        "tau"
    ].interval()
    unpooled = taugrid.fit(Y, SIGMA, "fixed:inf").to_dataframe()
    assert unpooled["mean"].dtype == np.float64
    assert "label" not in unpooled


@pytest.mark.parametrize(
    "of",
    [
        list,
        tuple,
        np.array,
        lambda x: np.array(x, dtype=np.float32),
        lambda x: np.array(x, dtype=np.int64)[::1],
        lambda x: np.repeat(np.array(x, dtype=float), 2)[::2],
        lambda x: [np.float64(value) for value in x],
        lambda x: pd.Series(x, index=range(5, 13)),
        lambda x: pd.Series(x, dtype="Int64"),
        pl.Series,
        lambda x: [str(value) for value in x],
        lambda x: np.frombuffer(np.array(x, dtype=float).tobytes()),  # read-only
        lambda x: np.array(x, dtype=">f8"),
    ],
)
def test_data_come_in_many_forms(of):
    expected = taugrid.fit([float(y) for y in Y], [float(s) for s in SIGMA]).to_dict()
    assert without_seconds(taugrid.fit(of(Y), of(SIGMA)).to_dict()) == without_seconds(expected)


def test_points_may_be_read_only(r):
    x = np.linspace(0.1, 0.9, 5)
    x.setflags(write=False)
    for ask in (r["mu"].quantile, r["mu"].pdf, r["mu"].cdf, r["mu"].exceed, r.given_tau):
        np.testing.assert_array_equal(ask(x)[0], ask(x.copy())[0])


def test_parameters_are_found_by_name_and_label(r):
    assert [name in r for name in ("tau", "theta[8]", "H", "theta[9]", "I", "", 1)] == [
        *[True] * 3,
        *[False] * 4,
    ]
    assert r["H"].median == r["theta[8]"].quantile(0.5)


def test_labels_and_files_and_single_numbers(tmp_path, cli):
    file = tmp_path / "schools.json"
    file.write_text(json.dumps({"J": 8, "y": Y, "sigma": SIGMA}))
    r = taugrid.fit(**taugrid.read_data(file))
    assert r["mu"].mean == taugrid.fit(Y, SIGMA)["mu"].mean
    file.write_text("label,y,sigma\nA,1,2\nB,3,4\n")
    r = taugrid.fit(**taugrid.read_data(file), tau_prior="half_normal:1")
    assert r["B"].name == "theta[2]"
    assert taugrid.fit(3, 1, "half_normal:1").y.tolist() == [3]
    assert taugrid.fit(Y, SIGMA, labels=pd.Series(LABELS))["C"].name == "theta[3]"


def test_data_are_copied_and_kept(r):
    y = np.array(Y, dtype=float)
    fitted = taugrid.fit(y, SIGMA, "half_cauchy:5")
    y[:] = 0
    assert fitted.y.tolist() == Y
    with pytest.raises(ValueError, match="read-only"):
        fitted.y[0] = 1


@pytest.mark.parametrize("again", [copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))])
def test_pickle_gives_the_same_results(r, again):
    other = again(r)
    assert without_seconds(other.to_dict()) == without_seconds(r.to_dict())
    assert other["A"].quantile(0.3) == r["A"].quantile(0.3)
