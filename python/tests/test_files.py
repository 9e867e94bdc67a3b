"""Files that the program writes, read back by what reads such files: ArviZ, xarray, NumPy.

TAUGRID_CLI is the path of the program; without it that on PATH (a wheel's), then build/release's.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

az = pytest.importorskip("arviz")
xr = pytest.importorskip("xarray")

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLI = (
    os.environ.get("TAUGRID_CLI") or shutil.which("taugrid") or str(ROOT / "build/release/taugrid")
)
if shutil.which(CLI) is None:
    pytest.skip(f"no program {CLI}: set TAUGRID_CLI", allow_module_level=True)
SCHOOLS = ROOT / "data/eight_schools.csv"
LABELS = list("ABCDEFGH")
DRAWS = 40_000

# As Stan's users would have them. Heavy-tailed leave-one-out weights are what Pareto k is for.
PRIORS = ("--tau-prior", "half_normal:5", "--mu-prior", "normal:5,10")


def taugrid(*arguments):
    """The program's JSON."""
    command = [CLI, *map(str, arguments), "--format", "json", "--quiet"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def has_netcdf():
    info = subprocess.run([CLI, "info"], check=True, capture_output=True, text=True).stdout
    return any(
        line.startswith("netCDF compiled in") and not line.endswith(" no")
        for line in info.splitlines()
    )


netcdf = pytest.mark.skipif(not has_netcdf(), reason="the program was built without netCDF")


@pytest.fixture(scope="module")
def exact():
    return taugrid("fit", SCHOOLS, *PRIORS, "--loo")


@pytest.fixture(scope="module")
def draws(tmp_path_factory):
    """The same draws in every format, and what the program said of them."""
    folder = tmp_path_factory.mktemp("draws")
    common = ("draw", SCHOOLS, *PRIORS, "--draws", DRAWS, "--seed", 20)
    summary = taugrid(*common, "--out", folder / "a.csv")
    taugrid(*common, "--out", folder / "a.npy")
    if has_netcdf():
        groups = "posterior,sample_stats,log_likelihood,posterior_predictive"
        taugrid(*common, "--out", folder / "a.nc", "--groups", groups, "--compress", 1)
        taugrid(*common, "--out", folder / "single.nc", "--precision", "single")
    return folder, summary


def array(folder, name):
    return np.load(folder / f"a.{name}.npy")


def test_npy_is_one_array_a_variable(draws):
    folder, summary = draws
    theta = np.load(folder / "a.theta.npy", mmap_mode="r")
    assert theta.shape == (DRAWS, 8) and theta.dtype == np.float64
    for name in ("tau", "mu", "theta_new", "lp"):
        assert array(folder, name).shape == (DRAWS,)
    by_name = {p["name"]: p["sample"] for p in summary["parameters"]}
    np.testing.assert_allclose(theta[:, 7].mean(), by_name["theta[8]"]["mean"], rtol=1e-12)
    np.testing.assert_allclose(array(folder, "tau").std(ddof=1), by_name["tau"]["sd"], rtol=1e-12)


def test_stan_csv_is_read_by_from_cmdstan(draws):
    folder, _ = draws
    idata = az.from_cmdstan(str(folder / "a.csv"))
    for name in ("tau", "mu", "theta", "theta_new"):
        np.testing.assert_array_equal(idata.posterior[name].values[0], array(folder, name))
    np.testing.assert_array_equal(idata.sample_stats["lp"].values[0], array(folder, "lp"))


@netcdf
def test_netcdf_has_the_draws_bit_for_bit(draws):
    folder, _ = draws
    idata = az.from_netcdf(str(folder / "a.nc"))
    for name in ("tau", "mu", "theta", "theta_new"):
        values = idata.posterior[name].values
        assert values.shape[0] == 1
        np.testing.assert_array_equal(values[0], array(folder, name))
    np.testing.assert_array_equal(idata.sample_stats["lp"].values[0], array(folder, "lp"))


@netcdf
@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
def test_netcdf_is_inference_data(draws, engine):
    pytest.importorskip({"netcdf4": "netCDF4"}.get(engine, engine))
    folder, _ = draws
    idata = az.from_netcdf(str(folder / "a.nc"), engine=engine)
    assert set(idata.groups()) == {
        "posterior",
        "posterior_predictive",
        "log_likelihood",
        "sample_stats",
        "observed_data",
        "constant_data",
    }
    assert idata.posterior["theta"].dims == ("chain", "draw", "school")
    assert list(idata.posterior["school"].values) == LABELS
    assert list(idata.posterior["draw"].values[[0, -1]]) == [0, DRAWS - 1]
    assert list(idata.observed_data["y"].values) == [28, 8, -3, 7, -1, 1, 18, 12]
    assert list(idata.constant_data["sigma"].values) == [15, 10, 16, 11, 9, 11, 10, 18]
    attributes = idata.posterior.attrs
    assert attributes["inference_library"] == "taugrid"
    assert int(attributes["seed"]) == 20
    assert (attributes["tau_prior"], attributes["mu_prior"]) == (PRIORS[1], PRIORS[3])


def peak_megabytes(*arguments):
    """The most memory that the program had."""
    # Started by a small process: Linux counts what a child had before it became the program.
    code = (
        "import os, subprocess, sys\n"
        "process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
        "_, status, used = os.wait4(process.pid, 0)\n"
        "print(used.ru_maxrss)\n"
        "sys.exit(os.waitstatus_to_exitcode(status))"
    )
    command = [sys.executable, "-I", "-S", "-c", code, CLI, *map(str, arguments), "--quiet"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout) / 1024  # KiB, on Linux


@pytest.mark.parametrize("name", ["a.csv", "a.npy", pytest.param("a.nc", marks=netcdf)])
def test_memory_does_not_grow_with_the_draws(name, tmp_path):
    def peak(draws):
        groups = ("--groups", "posterior,sample_stats") if name == "a.nc" else ()
        data = tmp_path / "one.csv"
        data.write_text("y,sigma\n1,2\n")
        out = ("--draws", draws, "--out", tmp_path / name, "--threads", 2, *groups)
        return peak_megabytes("draw", data, "--tau-prior", "half_normal:1", *out)

    # One column of 2 million numbers would take 16 MB.
    assert peak(2_000_000) < peak(200_000) + 8


@netcdf
def test_single_precision_is_stored_as_floats(draws):
    folder, _ = draws
    idata = az.from_netcdf(str(folder / "single.nc"))
    assert idata.posterior["theta"].dtype == np.float32
    assert idata.posterior.attrs["precision"] == "single"


@netcdf
def test_netcdf_is_opened_lazily(draws):
    folder, _ = draws
    theta = array(folder, "theta")
    with xr.open_dataset(folder / "a.nc", group="posterior", engine="h5netcdf") as posterior:
        part = posterior["theta"].isel(chain=0, draw=slice(100, 103))
        for lazy in (posterior["theta"], part, az.from_netcdf(str(folder / "a.nc")).posterior.mu):
            assert not lazy.variable._in_memory
        np.testing.assert_array_equal(part, theta[100:103])
        assert not posterior["theta"].variable._in_memory


@netcdf
def test_summary_agrees_with_the_exact_one(draws, exact):
    folder, _ = draws
    summary = az.summary(az.from_netcdf(str(folder / "a.nc")), round_to=10)
    assert list(summary.index) == [
        "tau",
        "mu",
        *(f"theta[{label}]" for label in LABELS),
        "theta_new",
    ]
    for parameter, (_, row) in zip(exact["parameters"], summary.iterrows()):
        # 5 standard errors of independent draws; that of an sd is at most sd sqrt(kurtosis/4 N).
        assert abs(row["mean"] - parameter["mean"]) < 5 * parameter["sd"] / np.sqrt(DRAWS)
        assert row["sd"] == pytest.approx(parameter["sd"], rel=0.03)
        assert row["ess_bulk"] == pytest.approx(DRAWS, rel=0.1)


@netcdf
def test_log_likelihood_is_that_of_the_draws(draws):
    folder, _ = draws
    idata = az.from_netcdf(str(folder / "a.nc"))
    y, sigma = idata.observed_data["y"].values, idata.constant_data["sigma"].values
    expected = (
        -0.5 * np.log(2 * np.pi * sigma**2) - 0.5 * ((y - array(folder, "theta")) / sigma) ** 2
    )
    np.testing.assert_allclose(idata.log_likelihood["y"].values[0], expected, rtol=1e-13)


@netcdf
def test_replicated_data_spread_as_they_should(draws):
    folder, _ = draws
    idata = az.from_netcdf(str(folder / "a.nc"))
    sigma = idata.constant_data["sigma"].values
    z = (idata.posterior_predictive["y"].values[0] - array(folder, "theta")) / sigma
    # z is N(0, 1): its mean and variance have standard errors 1/sqrt(N) and sqrt(2/N).
    assert np.all(np.abs(z.mean(0)) < 5 / np.sqrt(DRAWS))
    assert np.all(np.abs(z.var(0) - 1) < 5 * np.sqrt(2 / DRAWS))


@netcdf
@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
def test_netcdf_of_a_batch_is_the_data_frame_of_its_csv(tmp_path, engine):
    pytest.importorskip({"netcdf4": "netCDF4"}.get(engine, engine))
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(3)
    rows = ["group,y,sigma"]
    for group in range(100):
        for _ in range(1 + group % 5):
            sigma = -1 if group % 20 == 7 else rng.uniform(0.1, 1)
            rows.append(f'"g{group}, ü",{rng.normal()},{sigma}')
    data = tmp_path / "many.csv"
    data.write_text("\n".join(rows) + "\n", encoding="utf-8")
    for name in ("fits.csv", "fits.nc"):
        command = [CLI, "batch", str(data), "--tau-prior", "half_cauchy:1", "--quiet"]
        subprocess.run([*command, "--out", str(tmp_path / name)], check=True)
    csv = pd.read_csv(tmp_path / "fits.csv", float_precision="round_trip")
    with xr.open_dataset(tmp_path / "fits.nc", engine=engine) as file:
        frame = file.to_dataframe()
        assert file.attrs["tau_prior"] == "half_cauchy:1"
        assert file.attrs["mu_prior"] == "flat"
        assert file.attrs["data_file"] == str(data)
    assert list(frame.columns) == list(csv.columns)
    assert list(frame.group) == list(csv.group)
    assert list(frame.error) == list(csv.error.fillna(""))
    for column in csv.columns.drop(["group", "error"]):
        assert frame[column].dtype == csv[column].dtype, column
        np.testing.assert_array_equal(frame[column].values, csv[column].values)


@netcdf
def test_loo_agrees_with_the_exact_one(draws, exact):
    """Where Pareto k says that it may be trusted, within its error over ten parts."""
    folder, _ = draws
    idata = az.from_netcdf(str(folder / "a.nc"))
    loo = az.loo(idata, pointwise=True)
    good = loo.pareto_k.values < 0.7
    assert good.sum() >= 6
    parts = [
        az.loo(idata.isel(draw=slice(k, k + DRAWS // 10)), pointwise=True).loo_i.values
        for k in range(0, DRAWS, DRAWS // 10)
    ]
    error = np.std(parts, axis=0, ddof=1) / np.sqrt(10)
    pointwise = np.array(exact["loo"]["pointwise"])
    # Generalised Pareto smoothing is biased by less than its error; 5 of them, for 8 schools.
    assert np.all(np.abs(loo.loo_i.values - pointwise)[good] < 5 * error[good] + 1e-4)
    if good.all():
        assert loo.elpd_loo == pytest.approx(
            exact["loo"]["elpd"], abs=5 * np.sqrt((error**2).sum()) + 1e-3
        )


@netcdf
def test_forest_plot_is_drawn(draws):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    folder, _ = draws
    axes = az.plot_forest(az.from_netcdf(str(folder / "a.nc")), var_names=["theta"])
    assert len(axes) == 1
