"""Many data sets and many priors: each row is the fit of its own."""

import csv
import io

import numpy as np
import pandas as pd
import polars as pl
import pytest
import taugrid
from conftest import SIGMA, Y

PRIORS = {"tau_prior": "half_normal:1", "mu_prior": "normal:0,5"}


def polars_of(frame):
    return pl.DataFrame({name: frame[name].to_list() for name in frame.columns})


@pytest.fixture(scope="module")
def studies():
    """A hundred data sets of 2 to 6 studies, three of them bad."""
    rng = np.random.default_rng(1)
    sizes = rng.integers(2, 7, 100)
    frame = pd.DataFrame({"gene": np.repeat([f"g{i}" for i in range(100)], sizes)})
    frame["y"] = rng.normal(0, 2, len(frame)).round(3)
    frame["sigma"] = rng.uniform(0.5, 2, len(frame)).round(3)
    for gene, column, value in [("g3", "sigma", -1.0), ("g50", "y", np.nan), ("g99", "sigma", 0)]:
        frame.loc[frame.index[frame["gene"] == gene][1], column] = value
    return frame


@pytest.fixture(scope="module")
def genes(studies):
    return taugrid.batch(studies, by="gene", **PRIORS)


def test_rows_are_those_of_fit(studies, genes):
    assert list(genes["group"]) == [f"g{i}" for i in range(100)]
    assert list(genes.columns)[:4] == ["group", "J", "tau.mean", "tau.sd"]
    for gene, rows in studies.groupby("gene"):
        row = genes.set_index("group").loc[gene]
        assert row["J"] == len(rows)
        if row["error"] is not None:
            with pytest.raises(ValueError, match="row 2: ") as error:
                taugrid.fit(rows["y"], rows["sigma"], **PRIORS)
            assert row["error"] == str(error.value)
            assert np.isnan(row["mu.mean"])
            continue
        r = taugrid.fit(rows["y"], rows["sigma"], **PRIORS)
        assert row["tau.mean"] == r["tau"].mean
        assert row["theta_new.sd"] == r["theta_new"].sd
        assert row["mu.q97.5"] == r["mu"].quantile(0.975)
    assert list(genes.index[genes["error"].notna()]) == [3, 50, 99]


def test_rows_are_the_command_lines(studies, genes, cli, tmp_path):
    data = tmp_path / "studies.csv"
    studies.to_csv(data, index=False)
    process = cli(
        *["batch", "--by", "gene", "--tau-prior", PRIORS["tau_prior"]],
        *["--mu-prior", PRIORS["mu_prior"], "--quiet"],
        data=str(data),
    )
    assert process.returncode == 0, process.stderr
    rows = list(csv.DictReader(io.StringIO(process.stdout)))
    assert list(rows[0]) == list(genes.columns)
    numbers = genes.columns[2:-1]
    theirs = np.array([[float(row[name] or "nan") for name in numbers] for row in rows])
    np.testing.assert_array_equal(theirs, genes[numbers].to_numpy())


def test_order_of_rows_and_kind_of_frame_do_not_matter(studies, genes):
    numbers = genes.columns[1:-1]
    # Within a data set rows keep their order, which last bits depend on.
    interleaved = studies.assign(k=studies.groupby("gene").cumcount()).sort_values(
        "k", kind="stable"
    )
    mixed = taugrid.batch(interleaved, by="gene", **PRIORS)
    pd.testing.assert_frame_equal(mixed, genes, check_exact=True)
    frame = taugrid.batch(polars_of(interleaved), by="gene", **PRIORS)
    assert isinstance(frame, pl.DataFrame)
    assert frame.columns == list(genes.columns)
    np.testing.assert_array_equal(frame[list(numbers)].to_numpy(), genes[numbers].to_numpy())
    assert frame["group"].to_list() == list(genes["group"])
    assert [text for text in frame["error"] if text] == list(genes["error"].dropna())
    arrays = taugrid.batch(
        y=studies["y"].to_numpy(),
        sigma=list(studies["sigma"]),
        by=studies["gene"].to_numpy(),
        **PRIORS,
        threads=1,
    )
    np.testing.assert_array_equal(arrays[numbers], genes[numbers])


def test_arrays_may_be_read_only():
    y, sigma = np.array([[1.0, 2, 3], [2, 3, 5]]), np.ones((2, 3))
    by = np.repeat([1, 2], 3)
    expected = taugrid.batch(y=y, sigma=sigma, **PRIORS)
    for array in (y, sigma, by):
        array.setflags(write=False)
    pd.testing.assert_frame_equal(taugrid.batch(y=y, sigma=sigma, **PRIORS), expected)
    long = taugrid.batch(y=y.ravel(), sigma=sigma.ravel(), by=by, **PRIORS)
    pd.testing.assert_frame_equal(long, expected)
    swept = taugrid.sweep(y[0], sigma[0], "half_normal:1", "normal:0,5")
    assert swept["mu.mean"][0] == expected["mu.mean"][0]


def test_wide_forms_leave_absent_studies_out():
    y = [[1.0, 2, 3], [2, np.nan, 5], [np.nan, np.nan, np.nan]]
    sigma = [[1.0, 1, 2], [1, np.nan, 1], [np.nan, np.nan, np.nan]]
    expected = taugrid.fit([2, 5], [1, 1], **PRIORS)["mu"].mean
    frame = taugrid.batch(y=y, sigma=np.array(sigma), **PRIORS)
    assert list(frame["group"]) == [1, 2, 3]
    assert list(frame["J"]) == [3, 2, 0]
    assert frame["mu.mean"][1] == expected
    assert frame["error"][2] == "there are no schools; at least one row is needed"
    wide = pd.DataFrame(np.hstack([y, sigma]), columns=["y1", "y2", "y3", "s1", "s2", "s3"]).assign(
        name=["a", "b", "c"]
    )
    columns = {"y": ["y1", "y2", "y3"], "sigma": ["s1", "s2", "s3"], "by": "name"}
    for data in (wide, polars_of(wide)):
        frame = taugrid.batch(data, **columns, **PRIORS)
        assert list(frame["group"]) == ["a", "b", "c"]
        assert frame["mu.mean"][1] == expected


@pytest.mark.parametrize("of", [pd.DataFrame, pl.DataFrame])
def test_what_is_no_number_is_named_by_its_row(of):
    # The rows of the data sets alternate, so that a row's place after grouping is another one.
    columns = {"g": ["a", "b", "a", "b"], "y": ["1", "2", "x", "4"], "sigma": [1.0, 1, 1, 1]}
    with pytest.raises(ValueError, match=r"^row 3: y is 'x', not a number$"):
        taugrid.batch(of(columns), by="g", **PRIORS)
    columns = columns | {"y": [1.0, 2, 3, 4], "sigma": ["1", "1", "1", "wide"]}
    with pytest.raises(ValueError, match=r"^row 4: sigma is 'wide', not a number$"):
        taugrid.batch(of(columns), by="g", **PRIORS)


def test_missing_values_are_errors_of_their_data_sets():
    columns = {"g": ["a", "b", "a", "b"], "y": [1, None, 3, 4], "sigma": [1, 1, 1, 1]}
    nullable = pd.DataFrame(columns).astype({"y": "Int64", "sigma": "Int64"})
    text = nullable.astype({"y": object})
    text.loc[1, "y"] = pd.NA
    for data in (nullable, text, pl.DataFrame(columns)):
        frame = taugrid.batch(data, by="g", **PRIORS)
        assert list(frame["error"]) == [None, "row 1: y is nan, must be finite"]
        assert frame["mu.mean"][0] == taugrid.fit([1, 3], [1, 1], **PRIORS)["mu"].mean
    wide = pd.DataFrame({"y1": [1, 2], "y2": [3, None], "s1": [1, 1], "s2": [1, None]})
    frame = taugrid.batch(wide.astype("Int64"), y=["y1", "y2"], sigma=["s1", "s2"], **PRIORS)
    assert list(frame["J"]) == [2, 1]


def test_columns_are_chosen():
    frame = taugrid.batch(
        y=[[1, 2], [1, np.nan]],
        sigma=[[1, 1], [1, np.nan]],
        quantities="mu,theta",
        statistics=["mode", "shortest90"],
        **PRIORS,
    )
    assert list(frame.columns[2:-1]) == [
        f"{quantity}.{statistic}"
        for quantity in ("mu", "theta[1]", "theta[2]")
        for statistic in ("mode", "shortest90.lower", "shortest90.upper")
    ]
    r = taugrid.fit([1, 2], [1, 1], **PRIORS)
    assert frame["theta[2].mode"][0] == r["theta[2]"].mode
    assert frame["mu.shortest90.lower"][0] == r["mu"].interval(0.9)[0]
    assert np.isnan(frame["theta[2].mode"][1])
    assert len(taugrid.batch(y=np.empty((0, 3)), sigma=np.empty((0, 3)), **PRIORS)) == 0


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"tau_prior": "half_norml:1"}, "half_norml"),
        ({"quantities": "eta"}, "eta"),
        ({"statistics": ["mean", "q0"]}, "q0"),
        ({"by": "nothing"}, "there is no column 'nothing'; there are gene, y, sigma"),
        ({"y": ["y", "y2"], "sigma": ["sigma", "s2"]}, "there is no column 'y2'"),
        ({"backend": "gpu"}, "backend 'gpu' is unknown"),
        ({"data": None}, "without data, y and sigma must be arrays"),
        ({"data": None, "y": [1], "sigma": [1]}, "y has one dimension: by must say"),
        ({"data": None, "y": [1], "sigma": [1], "by": ["a", "b"]}, "y has 1 values and by has 2"),
        ({"data": None, "y": [[1]], "sigma": [1]}, "they must be equal"),
        ({"data": None, "y": [1, 2], "sigma": [1, 2], "by": ["a", None]}, "row 2: by is missing"),
    ],
)
def test_what_makes_no_sense_is_refused(studies, keywords, text):
    arguments = {"data": studies, "by": "gene", **PRIORS} | keywords
    if arguments["data"] is None and "by" not in keywords:
        del arguments["by"]
    with pytest.raises(ValueError, match=text):
        taugrid.batch(**arguments)


def test_sweep_is_fit_prior_by_prior(cli):
    tau = ["half_normal:1..10:4", "half_cauchy:5"]
    frame = taugrid.sweep(Y, SIGMA, tau, "flat; normal:0,10", base="half_cauchy:5")
    assert len(frame) == 10
    for _, row in frame.iterrows():
        r = taugrid.fit(Y, SIGMA, row["tau_prior"], row["mu_prior"])
        assert row["mu.mean"] == r["mu"].mean
        assert row["tau.q50"] == r["tau"].quantile(0.5)
        assert row["mu_above_zero"] == pytest.approx(r["mu"].exceed(0), abs=1e-11)
        np.testing.assert_array_equal(row["log_marginal_likelihood"], r.log_marginal_likelihood)
    base = frame[(frame["tau_prior"] == "half_cauchy:5") & (frame["mu_prior"] == "flat")]
    assert base["ks_mu"].to_list() == base["shift_mu"].to_list() == [0]
    theirs = cli(
        *["sweep", "--tau-prior", ";".join(tau), "--mu-prior", "flat;normal:0,10"],
        *["--base", "half_cauchy:5", "--format", "csv"],
    )
    theirs = pd.read_csv(io.StringIO(theirs.stdout))
    for name in theirs.columns[2:-1]:
        np.testing.assert_array_equal(theirs[name], frame[name])


def test_sweep_tells_where_the_conclusion_flips_and_what_is_improper():
    frame = taugrid.sweep(Y, SIGMA, ["half_normal:0.1..100:30"], "normal:0,1..100:2")
    flips = frame.attrs["flips"]
    assert flips
    for flip in flips:
        r = taugrid.fit(Y, SIGMA, flip["tau_prior"], flip["mu_prior"])
        assert r["mu"].exceed(0) == pytest.approx(flip["probability"], abs=1e-6)
    frame = taugrid.sweep([1, 2], [1, 1], ["half_normal:1", "uniform"])
    assert frame["error"][0] is None
    assert "improper" in frame["error"][1]
    with pytest.raises(ValueError, match="half_norml"):
        taugrid.sweep(Y, SIGMA, "half_norml:1")
