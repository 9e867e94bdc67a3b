"""ArviZ takes what to_inference_data gives."""

import arviz as az
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import taugrid
from conftest import LABELS, SIGMA, Y

mpl.use("Agg")
N = 20_000


@pytest.fixture(scope="module")
def draws(r):
    return r.draw(N, seed=1)


@pytest.fixture(scope="module")
def data(draws):
    return draws.to_inference_data()


def test_groups_dimensions_and_coordinates(data, draws, r):
    assert data.groups() == [
        "posterior",
        "posterior_predictive",
        "log_likelihood",
        "sample_stats",
        "observed_data",
        "constant_data",
    ]
    assert dict(data.posterior.sizes) == {"chain": 1, "draw": N, "school": 8}
    assert list(data.posterior.school.values) == LABELS
    assert data.posterior.theta.dims == ("chain", "draw", "school")
    np.testing.assert_array_equal(data.posterior.theta[0], draws.theta)
    np.testing.assert_array_equal(data.posterior.theta_new[0], draws.theta_new)
    np.testing.assert_array_equal(data.sample_stats.lp[0], draws.lp())
    assert data.observed_data.y.values.tolist() == Y
    assert data.constant_data.sigma.values.tolist() == SIGMA
    for name in data.groups():
        assert data[name].attrs["inference_library"] == "taugrid"
    assert data.posterior.attrs["seed"] == "1"
    assert data.posterior.attrs["tau_prior"] == r.tau_prior
    unlabelled = taugrid.fit(Y, SIGMA).draw(10, precision="single").to_inference_data()
    assert list(unlabelled.posterior.school.values) == list(range(1, 9))
    assert unlabelled.posterior.theta.dtype == np.float32


def test_log_likelihood_is_the_normals(data, draws):
    from scipy.stats import norm

    np.testing.assert_allclose(
        data.log_likelihood.y[0], norm.logpdf(Y, draws.theta, SIGMA), rtol=1e-12
    )


def test_replicates_are_noise_about_theta(data, draws):
    z = (data.posterior_predictive.y.values[0] - draws.theta) / np.array(SIGMA)
    # Standard errors: of a mean 1/sqrt(N), of a variance sqrt(2/N); 16 of them, 5 of each allowed.
    assert np.abs(z.mean(axis=0)).max() < 5 / np.sqrt(N)
    assert np.abs(z.var(axis=0) - 1).max() < 5 * np.sqrt(2 / N)


def test_loo_agrees_with_the_exact(data, r):
    exact = r.loo()
    loo = az.loo(data, pointwise=True)
    assert float(loo.pareto_k.max()) < 0.7  # where the approximation may be trusted
    # Its Monte Carlo error is far below the standard error over schools that it states.
    assert abs(loo.elpd_loo - exact.elpd) < 0.1 * loo.se
    np.testing.assert_allclose(loo.loo_i, exact.pointwise, atol=0.05)
    # ArviZ takes the variance over schools with divisor J.
    np.testing.assert_allclose(loo.se * np.sqrt(8 / 7), exact.se, rtol=0.02)
    np.testing.assert_allclose(loo.p_loo, exact.p_loo, atol=0.1)


def test_summary_has_the_exact_means_and_all_draws_effective(data, r):
    table = az.summary(data, round_to="none")
    assert len(table) == 11
    for name, parameter in [("tau", "tau"), ("mu", "mu"), ("theta[C]", "C")]:
        assert abs(table.loc[name, "mean"] - r[parameter].mean) < 5 * r[parameter].sd / np.sqrt(N)
    assert (table["ess_bulk"] > 0.9 * N).all()


def test_forest_plot_draws_a_line_for_each_school(data):
    axes = az.plot_forest(data, var_names=["theta"], combined=True)
    labels = [text.get_text() for text in axes[0].get_yticklabels()]
    assert any("A" in label for label in labels)
    assert len(labels) == 8
    plt.close("all")


def test_predictive_plot(data):
    az.plot_ppc(data, num_pp_samples=10, random_seed=1)
    plt.close("all")


def test_netcdf_of_inference_data_reads_back(data, tmp_path):
    pytest.importorskip("h5netcdf")
    file = tmp_path / "draws.nc"
    data.to_netcdf(str(file), engine="h5netcdf")
    again = az.from_netcdf(str(file), engine="h5netcdf")
    np.testing.assert_array_equal(again.posterior.theta, data.posterior.theta)
