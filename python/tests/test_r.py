"""Stan CSV as R reads it: by the packages posterior and rstan, where R and they are installed.

Nothing installs R for these tests; on Debian: apt-get install r-cran-posterior r-cran-rstan.
"""

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
import taugrid
from conftest import LABELS, SIGMA, Y

N = 2000

POSTERIOR = """
suppressPackageStartupMessages(library(posterior))
draws <- as_draws_df(read.csv("draws.csv", comment.char = "#", check.names = FALSE))
variables(draws) <- sub("[.]([0-9]+)$", "[\\\\1]", variables(draws))
stopifnot(nchains(draws) == 1, length(as_draws_rvars(draws)$theta) == 8)
summary <- summarise_draws(draws, "mean", "sd", "ess_bulk", "rhat")
write.csv(data.frame(lapply(summary, as.vector)), "summary.csv", row.names = FALSE)
"""

RSTAN = """
suppressPackageStartupMessages(library(rstan))
fit <- read_stan_csv("draws.csv")
draws <- extract(fit, permuted = FALSE)  # draw, chain, variable
stopifnot(dim(draws)[2] == 1)
summary <- data.frame(variable = dimnames(draws)[[3]], mean = apply(draws, 3, mean),
                      sd = apply(draws, 3, sd))
write.csv(summary, "summary.csv", row.names = FALSE)
"""


def in_r(package, script, folder):
    """What the script writes to summary.csv, a row a variable."""
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("no Rscript: R is not installed")
    installed = [program, "-e", f"quit(status = !requireNamespace('{package}', quietly = TRUE))"]
    if subprocess.run(installed, capture_output=True, check=False).returncode:
        pytest.skip(f"R has no package {package}")
    (folder / "script.R").write_text(script)
    process = subprocess.run(
        [program, "script.R"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    return pd.read_csv(folder / "summary.csv", index_col="variable")


@pytest.fixture(scope="module")
def draws(cli, tmp_path_factory):
    """A folder with draws.csv, and the same draws as they are."""
    folder = tmp_path_factory.mktemp("stan")
    process = cli(
        *["draw", "--tau-prior", "half_cauchy:5", "--draws", str(N), "--seed", "7"],
        *["--out", str(folder / "draws.csv"), "--quiet"],
    )
    assert process.returncode == 0, process.stderr
    return folder, taugrid.fit(Y, SIGMA, "half_cauchy:5", labels=LABELS).draw(N, seed=7)


@pytest.mark.parametrize(("package", "script"), [("posterior", POSTERIOR), ("rstan", RSTAN)])
def test_stan_csv_is_read_in_r(draws, package, script):
    folder, d = draws
    summary = in_r(package, script, folder)
    columns = {"lp__": d.lp(), "tau": d.tau, "mu": d.mu, "theta_new": d.theta_new}
    columns |= {f"theta[{j + 1}]": d.theta[:, j] for j in range(8)}
    assert set(columns) <= set(summary.index)
    for name, values in columns.items():
        # R reads decimals to about the last bit, and writes 15 digits of a mean.
        np.testing.assert_allclose(summary.loc[name, "mean"], values.mean(), rtol=1e-12)
        np.testing.assert_allclose(summary.loc[name, "sd"], values.std(ddof=1), rtol=1e-12)
    if "rhat" in summary:
        of_draws = summary.loc[list(columns)]
        assert (of_draws["ess_bulk"] > 0.8 * N).all()
        assert (of_draws["rhat"] < 1.01).all()
