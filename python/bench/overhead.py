"""What Python costs: 10^5 data sets beside the command line, draws into fresh memory.

PYTHONPATH=build/release/python TAUGRID_CLI=build/release/taugrid python python/bench/overhead.py
"""

import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
import pandas as pd
import taugrid
from taugrid import _core

REPEATS = 5
N_SETS, N_STUDIES = 100_000, 8
N_DRAWS = 10_000_000
PROGRAM = os.environ.get("TAUGRID_CLI", "taugrid")
PRIORS = {"tau_prior": "half_normal:1", "mu_prior": "flat"}


def seconds(function):
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def in_turn(contenders):
    """Median seconds of each, run in turn."""
    times = {name: [] for name in contenders}
    for _ in range(REPEATS):
        for name, function in contenders.items():
            times[name].append(seconds(function))
    for name, values in times.items():
        spread = f"{min(values):.3f} .. {max(values):.3f}"
        print(f"  {name:32} {statistics.median(values):.3f} s ({spread})")
    return {name: statistics.median(values) for name, values in times.items()}


def batch():
    rng = np.random.default_rng(1)
    rows = N_SETS * N_STUDIES
    sigma = rng.uniform(0.5, 2, rows).round(4)
    studies = pd.DataFrame(
        {
            "group": np.repeat([f"g{i}" for i in range(N_SETS)], N_STUDIES),
            "y": rng.normal(0, np.hypot(1, sigma)).round(4),
            "sigma": sigma,
        }
    )
    y, s = studies["y"].to_numpy(), studies["sigma"].to_numpy()
    offsets = np.arange(0, rows + 1, N_STUDIES)
    lists = "tau,mu,theta_new", "mean,sd,q2.5,q50,q97.5"
    with tempfile.TemporaryDirectory() as folder:
        data, out = pathlib.Path(folder, "studies.csv"), pathlib.Path(folder, "fits.csv")
        studies.to_csv(data, index=False)
        command = [PROGRAM, "batch", data, "--out", out, "--quiet", "--tau-prior", "half_normal:1"]
        print(f"{N_SETS} data sets of {N_STUDIES} studies")
        times = in_turn(
            {
                "the program, file to file": lambda: subprocess.run(command, check=True),
                "the library, arrays": lambda: _core.batch(
                    y, s, offsets, *PRIORS.values(), *lists, N_STUDIES, "cpu", 0
                ),
                "taugrid.batch, frame to frame": lambda: taugrid.batch(studies, **PRIORS),
            }
        )
    frame = times["taugrid.batch, frame to frame"]
    print(f"  over the program {frame / times['the program, file to file'] - 1:+.1%}")
    print(f"  over the library {frame / times['the library, arrays'] - 1:+.1%}")


def draws():
    r = taugrid.fit([28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18])
    out = r.draw(N_DRAWS).values
    print(f"{N_DRAWS} draws, J = 8, {out.nbytes / 1e6:.0f} MB")
    times = in_turn(
        {
            "into warm memory": lambda: r.draw(N_DRAWS, out=out),
            "into a fresh array": lambda: r.draw(N_DRAWS),
        }
    )
    # Where a hypervisor has to find the memory first, that takes longer than anything here.
    print(f"  ratio of medians {times['into a fresh array'] / times['into warm memory']:.2f}")


if __name__ == "__main__":
    batch()
    draws()
