"""Draws: the command line's, in NumPy's memory, whatever thread or process draws them."""

import csv
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import taugrid
from conftest import SIGMA, Y

N = 20_000


def bits(draws):
    return draws.values.tobytes()


def test_arrays_are_views_of_one(r):
    d = r.draw(1000, seed=1)
    assert (d.tau.shape, d.mu.shape, d.theta_new.shape, d.theta.shape) == (
        *[(1000,)] * 3,
        (1000, 8),
    )
    assert len(d) == 1000
    for array in (d.tau, d.mu, d.theta, d.theta_new):
        assert np.shares_memory(array, d.values)
    assert d.theta.strides == (8, 8000)
    assert d.values.flags.writeable
    assert d.theta.mean(axis=0) == pytest.approx([p.mean for p in r][2:10], abs=1.5)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_draws_are_the_command_lines(r, cli, tmp_path, precision):
    file = tmp_path / "draws.csv"
    process = cli(
        *["draw", "--tau-prior", "half_cauchy:5", "--draws", "100", "--seed", "7"],
        *["--precision", precision, "--out", str(file), "--quiet"],
    )
    assert process.returncode == 0, process.stderr
    with file.open() as lines:
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    d = r.draw(100, seed=7, precision=precision)
    dtype = d.tau.dtype
    assert dtype == (np.float64 if precision == "double" else np.float32)

    def column(name):
        return np.array([row[name] for row in rows], dtype=dtype)

    for name in ("tau", "mu", "theta_new"):
        np.testing.assert_array_equal(getattr(d, name), column(name))
    for j in range(8):
        np.testing.assert_array_equal(d.theta[:, j], column(f"theta.{j + 1}"))
    np.testing.assert_array_equal(d.lp().astype(dtype), column("lp__"))


def test_a_draw_depends_on_its_index_and_the_seed_alone(r):
    d = r.draw(N, seed=3)
    assert bits(r.draw(1e4, seed=3)) == d.values[:, :10_000].tobytes()
    assert bits(r.draw(N, seed=np.uint64(3), threads=1, backend="cpu")) == bits(d)
    assert bits(r.draw(N, seed=4)) != bits(d)
    assert bits(r.draw(N)) == bits(r.draw(N, seed=0))


def test_draws_go_into_the_callers_memory(r):
    expected = r.draw(N, seed=3)
    out = np.full((11, N), -1.0)
    d = r.draw(N, seed=3, out=out)
    assert d.values is out
    assert bits(d) == bits(expected)
    room = np.full((12, N + 5), -1.0)
    r.draw(N, seed=3, out=room[:11, :N])
    np.testing.assert_array_equal(room[:11, :N], expected.values)
    assert (room[11] == -1).all()
    assert (room[:, N:] == -1).all()
    again = r.draw(N, seed=4, out=d)
    assert again.values is out
    single = r.draw(N, seed=3, precision="single", out=np.empty((11, N), dtype=np.float32))
    assert bits(single) == bits(r.draw(N, seed=3, precision="single"))


def test_draws_that_lent_their_memory_are_spent(r):
    lender = r.draw(N, seed=3)
    tau = lender.tau
    later = r.draw(N, seed=4, out=lender)
    assert np.shares_memory(tau, later.values)
    for ask in (
        *(lender.lp, lender.log_likelihood, lender.replicates, lender.to_inference_data),
        *(lambda: lender.values, lambda: lender.tau, lambda: lender.theta),
        *(lambda: pickle.dumps(lender), lambda: r.draw(N, out=lender)),
    ):
        with pytest.raises(ValueError, match=r"draws of seed 3 lent their memory \(out=\)"):
            ask()
    assert len(lender) == N
    assert "spent" in repr(lender) and "spent" not in repr(later)
    assert bits(later) == bits(r.draw(N, seed=4))
    # Draws whose memory is refused keep it.
    with pytest.raises(ValueError, match="out is float64"):
        r.draw(N + 1, out=later)
    assert len(later.lp()) == N
    assert r.draw(N, seed=5, out=later.values).seed == 5


@pytest.mark.parametrize("precision", ["double", "single"])
def test_draws_may_be_read_only(r, precision):
    expected, d = (r.draw(N, seed=3, precision=precision) for _ in range(2))
    d.values.setflags(write=False)
    np.testing.assert_array_equal(d.log_likelihood(), expected.log_likelihood())
    np.testing.assert_array_equal(d.replicates(), expected.replicates())
    np.testing.assert_array_equal(d.lp(), expected.lp())
    assert bits(pickle.loads(pickle.dumps(d))) == bits(expected)
    with pytest.raises(ValueError, match="out must be writable"):
        r.draw(N, precision=precision, out=d)


def test_arrays_outlive_the_posterior():
    tau = taugrid.fit(Y, SIGMA, "half_cauchy:5").draw(N, seed=3).tau
    expected = taugrid.fit(Y, SIGMA, "half_cauchy:5").draw(N, seed=3).tau
    np.testing.assert_array_equal(tau, expected)


def test_two_threads_at_once_give_the_bits_of_one_after_the_other():
    n = 500_000
    r = taugrid.fit(Y, SIGMA, "half_cauchy:5")
    at_once = {}
    start = threading.Barrier(2)

    def work(seed):
        start.wait()
        at_once[seed] = bits(r.draw(n, seed=seed))

    workers = [threading.Thread(target=work, args=[seed]) for seed in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    after = taugrid.fit(Y, SIGMA, "half_cauchy:5")
    assert at_once == {seed: bits(after.draw(n, seed=seed)) for seed in (1, 2)}


def test_other_threads_run_meanwhile(r):
    n = 2_000_000
    done = threading.Event()
    turns = 0

    def draw():
        r.draw(n, seed=1, threads=1)
        done.set()

    worker = threading.Thread(target=draw)
    worker.start()
    while not done.wait(0.001):
        turns += 1
    worker.join()
    assert turns > 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_results_work_after_fork(r):
    expected = bits(r.draw(N, seed=3))
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=lambda: send.send_bytes(bits(r.draw(N, seed=3))))
    child.start()
    received = receive.recv_bytes()
    child.join()
    assert child.exitcode == 0
    assert received == expected


def test_draws_pickle_as_their_seed(r):
    d = r.draw(N, seed=3, precision="single")
    text = pickle.dumps(d)
    assert len(text) < 2000
    assert bits(pickle.loads(text)) == bits(d)


# The signal comes from outside, as that of a terminal does.
INTERRUPTED = """
import sys, numpy as np, taugrid
r = taugrid.fit([28, 8, -3], [15, 10, 16], "half_cauchy:5")
r.draw(10)
{first}
print("working", flush=True)
try:
    {work}
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(len(r.draw(10)) + 3)  # all works on
"""


@pytest.mark.parametrize(
    ("first", "work"),
    [
        ("out = r.draw(4e6).values", "while True: r.draw(4e6, out=out)"),
        ("", "r._core.lp(10**8, 1, False)"),
        ("d = r.draw(2e6)", "while True: d.log_likelihood(), d.replicates()"),
        ("p = np.linspace(0.001, 0.999, 10**6)", "while True: r['mu'].cdf(r['mu'].quantile(p))"),
        ("many = taugrid.fit(np.arange(10**4) % 7, np.ones(10**4))", "many.loo()"),
    ],
)
def test_an_interrupt_ends_the_work(first, work):
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED.format(first=first, work=work)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "working\n"
    time.sleep(0.3)
    sent = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert out == "interrupted\n"
    assert process.returncode == 13
    assert time.monotonic() - sent < 10
