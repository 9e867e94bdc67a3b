"""The exact posterior of one data set."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taugrid import _arguments, _core
from taugrid._draws import Draws

if TYPE_CHECKING:
    import pandas as pd

Vector = NDArray[np.float64]
Many = Sequence[Any] | NDArray[Any]


class GivenTau(NamedTuple):
    """What is known where tau is given, at n values of it."""

    tau: Vector
    """(n), units of y."""
    log_density: Vector
    """(n), log p(tau | y) per unit of tau; NaN where tau is fixed."""
    mu_mean: Vector
    """(n), E[mu | tau, y]."""
    mu_sd: Vector
    """(n)."""
    theta_mean: Vector
    """(n, J), E[theta_j | tau, y]."""
    theta_sd: Vector
    """(n, J)."""
    i2: Vector
    """(n), I^2, from 0 to 1; NaN with one study."""


class Weights(NamedTuple):
    """The weight of each observation in each posterior mean.

    Under a uniform prior of mu the means are not linear in y: all but `shrinkage` are then empty.
    """

    shrinkage: Vector
    """(J), E[tau^2 / (sigma_j^2 + tau^2) | y]: the weight of y_j, and 1 less it that of mu."""
    mu: Vector
    """(J), of y_k in E[mu | y]."""
    theta: Vector
    """(J, J), of y_k in E[theta_j | y]."""
    mu_prior: float
    """Of the mean of mu's prior in E[mu | y]."""
    theta_prior: Vector
    """(J), of the mean of mu's prior in E[theta_j | y]."""


class BayesFactors(NamedTuple):
    """p(y | tau = 0) / p(y) and p(y | mu = 0) / p(y), and their logs; NaN where there is none."""

    tau_zero: float
    mu_zero: float
    log_tau_zero: float
    log_mu_zero: float


class LeaveOneOut(NamedTuple):
    """Exact leave-one-out cross-validation, by a refit without each study.

    NaN and empty where a refit would be improper.
    """

    elpd: float
    """The sum of `pointwise`."""
    se: float
    """sqrt(J Var(pointwise))."""
    p_loo: float
    """The sum of lpd - pointwise: the effective number of parameters."""
    pointwise: Vector
    """(J), log p(y_j | the others)."""
    lpd: Vector
    """(J), log p(y_j again | y)."""
    pit: Vector
    """(J), P(Y_j < y_j | the others)."""


class Parameter:
    """The exact posterior of one parameter, in units of y.

    What does not exist (the mean of a tail too heavy) is NaN; `Posterior.notes` says why.

    Attributes
    ----------
    name : str
        tau, mu, theta[1] .. theta[J] or theta_new.
    label : str
        Of a school; empty without.
    mean, sd, mode : float
        Units of y.
    """

    def __init__(self, core: _core.Posterior, summary: _core.ParameterSummary) -> None:
        self._core = core
        self.name = summary.name
        self.label = summary.label
        self.mean = summary.mean
        self.sd = summary.sd
        self.mode = summary.mode

    @property
    def median(self) -> float:
        """The median, units of y."""
        return self.quantile(0.5)

    @overload
    def quantile(self, p: float) -> float: ...
    @overload
    def quantile(self, p: Many) -> Vector: ...
    @overload
    def quantile(self, p: ArrayLike) -> float | Vector: ...
    def quantile(self, p: ArrayLike) -> float | Vector:
        """Return quantiles, exact at any probability.

        Parameters
        ----------
        p : float or array_like
            Probabilities, above 0 and below 1.

        Returns
        -------
        float or ndarray
            Of the shape of `p`, units of y.

        Raises
        ------
        ValueError
            For a probability that is not between 0 and 1.

        Examples
        --------
        >>> r = fit([28, 8, -3], [15, 10, 16], "half_cauchy:5")
        >>> low, high = r["mu"].quantile([0.025, 0.975])
        """
        return self._at(p, "p", lambda x: self._core.quantiles(self.name, x))

    def interval(self, level: float = 0.95, kind: str = "shortest") -> tuple[float, float]:
        """Return a credible interval.

        Parameters
        ----------
        level : float
            Probability that it holds, above 0 and below 1.
        kind : {"shortest", "central"}
            The shortest one interval, or that with equal tails.

        Returns
        -------
        tuple of two floats
            Its ends, units of y.

        Raises
        ------
        ValueError
            For a level that is not between 0 and 1, or another kind.
        """
        _arguments.one_of(kind, "kind", ("shortest", "central"))
        interval = self._core.interval(self.name, float(level), kind == "shortest")
        return interval.lower, interval.upper

    @overload
    def pdf(self, x: float) -> float: ...
    @overload
    def pdf(self, x: Many) -> Vector: ...
    @overload
    def pdf(self, x: ArrayLike) -> float | Vector: ...
    def pdf(self, x: ArrayLike) -> float | Vector:
        """Return the posterior density.

        Parameters
        ----------
        x : float or array_like
            Where, units of y.

        Returns
        -------
        float or ndarray
            Of the shape of `x`, per unit of y. Infinite at what is known for certain.
        """
        return self._at(x, "x", lambda at: self._core.density(self.name, at)[0])

    @overload
    def cdf(self, x: float) -> float: ...
    @overload
    def cdf(self, x: Many) -> Vector: ...
    @overload
    def cdf(self, x: ArrayLike) -> float | Vector: ...
    def cdf(self, x: ArrayLike) -> float | Vector:
        """Return P(parameter <= x | y).

        Parameters
        ----------
        x : float or array_like
            Where, units of y; infinities included.

        Returns
        -------
        float or ndarray
            Of the shape of `x`.
        """
        return self._at(x, "x", lambda at: self._core.density(self.name, at)[1])

    @overload
    def exceed(self, c: float) -> float: ...
    @overload
    def exceed(self, c: Many) -> Vector: ...
    @overload
    def exceed(self, c: ArrayLike) -> float | Vector: ...
    def exceed(self, c: ArrayLike) -> float | Vector:
        """Return P(parameter > c | y), accurate relative to itself where it is small.

        Parameters
        ----------
        c : float or array_like
            Units of y; infinities included.

        Returns
        -------
        float or ndarray
            Of the shape of `c`.
        """
        return self._at(c, "c", lambda at: self._core.exceed(self.name, at))

    @staticmethod
    def _at(x: ArrayLike, name: str, function: Any) -> float | Vector:
        values: Vector = function(_arguments.column(np.ravel(x), name))
        shape = np.shape(x)
        return float(values[0]) if shape == () else values.reshape(shape)

    def __repr__(self) -> str:
        label = f" {self.label}" if self.label else ""
        return f"<{self.name}{label}: mean {self.mean:.6g}, sd {self.sd:.6g}, mode {self.mode:.6g}>"


class Posterior:
    """The exact posterior of one data set; `fit` makes one.

    ``r["tau"]``, ``r["mu"]``, ``r["theta[1]"]`` (or ``r["A"]``, by a school's label) and
    ``r["theta_new"]`` are its parameters. It pickles as its inputs and is computed anew when it is
    read back.

    Attributes
    ----------
    y, sigma : ndarray (J,)
        The data.
    labels : list of str
        Of the schools; empty without.
    tau_prior, mu_prior : str
        As on the command line.
    log_marginal_likelihood : float
        NaN where the prior of tau is improper.
    joint_mode : tuple of two floats
        The mode of (tau, mu), units of y.
    cov_mu_tau, corr_mu_tau : float
        Posterior covariance, squared units of y, and correlation.
    notes : list of str
        What to know of these results, such as which moments do not exist.
    backend : str
        What computed this summary, such as "cpu (v4)".
    """

    def __init__(
        self,
        y: ArrayLike,
        sigma: ArrayLike,
        tau_prior: str = "uniform",
        mu_prior: str = "flat",
        labels: Iterable[Any] | None = None,
        backend: str = "auto",
        threads: int | None = None,
    ) -> None:
        self.y = _arguments.column(y, "y").copy()
        self.sigma = _arguments.column(sigma, "sigma").copy()
        self.labels = _arguments.texts(labels)
        for array in (self.y, self.sigma):
            array.setflags(write=False)
        self._priors = (str(tau_prior), str(mu_prior))
        self._device = (str(backend), _arguments.threads(threads))
        self._cores: dict[tuple[str, int], _core.Posterior] = {}
        self._core = self._on(self._device)
        self._summary = self._core.summary()
        self.tau_prior = self._summary.tau_prior
        self.mu_prior = self._summary.mu_prior
        self.log_marginal_likelihood = self._summary.log_marginal_likelihood
        self.joint_mode = (self._summary.joint_mode_tau, self._summary.joint_mode_mu)
        self.cov_mu_tau = self._summary.cov_mu_tau
        self.corr_mu_tau = self._summary.corr_mu_tau
        self.notes = self._summary.notes
        self.backend = self._summary.backend

    def _on(self, device: tuple[str, int]) -> _core.Posterior:
        if device not in self._cores:
            self._cores[device] = _core.Posterior(
                self.y, self.sigma, self.labels, *self._priors, *device
            )
        return self._cores[device]

    def __reduce__(self) -> tuple[Any, ...]:
        backend, threads = self._device
        labels = self.labels or None
        return Posterior, (self.y, self.sigma, *self._priors, labels, backend, threads)

    # ---- parameters

    def __getitem__(self, parameter: str) -> Parameter:
        return Parameter(self._core, self._summary.parameter(self._core.index(parameter)))

    def __len__(self) -> int:
        return len(self.y) + 3

    def __contains__(self, parameter: object) -> bool:
        if not isinstance(parameter, str):
            return False
        try:
            self[parameter]
        except (KeyError, ValueError):
            return False
        return True

    def _ipython_key_completions_(self) -> list[str]:
        return [parameter.name for parameter in self] + [label for label in self.labels if label]

    def __iter__(self) -> Iterator[Parameter]:
        for k in range(len(self)):
            yield Parameter(self._core, self._summary.parameter(k))

    # ---- on request

    def given_tau(self, grid: ArrayLike) -> GivenTau:
        """Return the moments of mu and of every theta_j as if tau were known.

        Parameters
        ----------
        grid : array_like (n,)
            Values of tau, units of y; 0 and infinity included.

        Returns
        -------
        GivenTau
            mu_mean (n,), theta_mean (n, J) and others, units of y.

        Raises
        ------
        ValueError
            For a tau that is negative or NaN.
        """
        values = _arguments.column(grid, "tau")
        if values.size == 0:
            raise ValueError("given tau: there are no values; at least one is needed")
        given = self._core.summary(given_tau=values.tolist()).given_tau
        return GivenTau(
            given.tau,
            given.log_density,
            given.mu_mean,
            given.mu_sd,
            given.theta_mean,
            given.theta_sd,
            given.i2,
        )

    def weights(self) -> Weights:
        """Return shrinkage factors, and the weight of each y_k in each posterior mean.

        Returns
        -------
        Weights
            shrinkage (J,), mu (J,), theta (J, J) and others.

        Raises
        ------
        ValueError
            For more than 4096 schools.
        """
        w = self._core.summary(weights=True).weights
        return Weights(w.shrinkage, w.mu, w.theta, w.mu_prior, w.theta_prior)

    def bayes_factors(self) -> BayesFactors:
        """Return the Bayes factors of tau = 0 and mu = 0 against the model.

        Returns
        -------
        BayesFactors
            Above 1 in favour of 0; NaN where the prior is improper or leaves no choice.
        """
        b = self._core.summary(bayes_factors=True).bayes_factors
        return BayesFactors(b.tau_zero, b.mu_zero, b.log_tau_zero, b.log_mu_zero)

    def loo(self) -> LeaveOneOut:
        """Return exact leave-one-out cross-validation, by refits.

        Returns
        -------
        LeaveOneOut
            elpd, se, p_loo and, by study, pointwise (J,), lpd (J,) and pit (J,).

        Raises
        ------
        ValueError
            For more than 10000 schools.
        """
        loo = self._core.summary(loo=True).loo
        return LeaveOneOut(loo.elpd, loo.se, loo.p_loo, loo.pointwise, loo.lpd, loo.pit)

    # ---- draws

    def draw(
        self,
        n: float,
        seed: int = 0,
        precision: str = "double",
        backend: str = "auto",
        threads: int | None = None,
        out: NDArray[Any] | Draws | None = None,
    ) -> Draws:
        """Draw independently from the posterior.

        Draw i depends on the seed and i alone: not on `n`, the backend or the threads.

        Parameters
        ----------
        n : int or float
            How many, as 1000000 or 1e6; a whole number.
        seed : int
            From 0 to 2^64 - 1.
        precision : {"double", "single"}
            Of the draws; single is faster, and has other draws, not the same ones rounded.
        backend : {"auto", "cpu", "cuda"}
            What draws; auto takes a GPU where there is one.
        threads : int, optional
            Of the CPU; all that there are without.
        out : ndarray (J + 3, n) or Draws, optional
            Memory for the draws: rows tau, mu, theta[1] .. theta[J], theta_new, of float64 (double)
            or float32 (single), each of them contiguous. Earlier draws lend theirs and are
            spent: what is asked of them then is a ValueError.

        Returns
        -------
        Draws
            tau (n,), mu (n,), theta (n, J), theta_new (n,), units of y: views of one array.

        Raises
        ------
        ValueError
            For a number, seed, precision or `out` that will not do; for a backend that is not
            there; for single precision where it cannot hold the data.
        MemoryError

        Examples
        --------
        >>> r = fit([28, 8, -3], [15, 10, 16], "half_cauchy:5")
        >>> draws = r.draw(1e5, seed=1)
        >>> best = draws.theta.argmax(axis=1)  # of each draw
        """
        n = _arguments.draws(n)
        seed = _arguments.seed(seed)
        single = _arguments.one_of(precision, "precision", ("double", "single")) == "single"
        core = self._on((str(backend), _arguments.threads(threads)))
        if out is None:
            values: NDArray[Any] = core.draw_single(n, seed) if single else core.draw(n, seed)
        else:
            values = out.values if isinstance(out, Draws) else out
            self._check_out(values, n, single)
            if isinstance(out, Draws):
                out._spend()  # before drawing: an interrupt leaves neither the old nor the new
            (core.draw_into_single if single else core.draw_into)(values, seed)
        arguments = (n, seed, precision, str(backend), threads)
        return Draws(self, core, values, seed, precision, arguments)

    def _check_out(self, out: NDArray[Any], n: int, single: bool) -> None:
        wanted = np.dtype(np.float32 if single else np.float64)
        shape = (len(self), n)
        if not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != wanted:
            found = (
                f"{out.dtype} {out.shape}" if isinstance(out, np.ndarray) else type(out).__name__
            )
            raise ValueError(f"out is {found}, must be an array of {wanted} {shape}")
        contiguous = n <= 1 or out.strides[1] == out.itemsize
        if not out.flags.writeable or not contiguous or out.strides[0] < n * out.itemsize:
            raise ValueError("out must be writable, with contiguous rows one after another")

    # ---- other forms

    def to_dict(
        self,
        *,
        probs: Iterable[float] = (),
        levels: Iterable[float] = (),
        exceed: Iterable[tuple[str, float]] = (),
        density: Iterable[tuple[str, float, float, int]] = (),
        given_tau: Iterable[float] = (),
        weights: bool = False,
        bayes_factors: bool = False,
        loo: bool = False,
    ) -> dict[str, Any]:
        """Return the object that ``taugrid fit --format json`` prints; what does not exist is None.

        Parameters
        ----------
        probs : iterable of float
            Probabilities of further quantiles (``--probs``).
        levels : iterable of float
            Of further intervals (``--level``).
        exceed : iterable of (parameter, value)
            As ``--exceed``.
        density : iterable of (parameter, lower, upper, n)
            As ``--density``.
        given_tau : iterable of float
            As ``--given-tau``.
        weights, bayes_factors, loo : bool
            As ``--weights``, ``--bayes-factors`` and ``--loo``.

        Returns
        -------
        dict
            Numbers, texts, lists and dicts.

        Raises
        ------
        ValueError
            For what the command line refuses.
        """
        summary = self._summary
        options = (
            [float(p) for p in probs],
            [float(level) for level in levels],
            [(str(parameter), float(value)) for parameter, value in exceed],
            [(str(p), float(lo), float(hi), _arguments.whole(n, "n")) for p, lo, hi, n in density],
            [float(tau) for tau in given_tau],
        )
        if any(options) or weights or bayes_factors or loo:
            summary = self._core.summary(
                *options, weights=weights, bayes_factors=bayes_factors, loo=loo
            )
        result: dict[str, Any] = json.loads(summary.text("json"))
        return result

    def to_dataframe(self) -> pd.DataFrame:
        """Return a row for each parameter.

        Returns
        -------
        pandas.DataFrame
            Columns label (where there are labels), mean, sd, mode, the quantiles, and the ends of
            the intervals (central95.lower, ..), named as on the command line; units of y.
        """
        import pandas as pd

        rows = []
        for parameter in self.to_dict()["parameters"]:
            row: dict[str, Any] = {}
            for key, value in parameter.items():
                if isinstance(value, list):
                    row[f"{key}.lower"], row[f"{key}.upper"] = value
                else:
                    row[key] = value
            rows.append(row)
        frame = pd.DataFrame(rows).set_index("name")
        numbers = [name for name in frame.columns if name != "label"]
        return frame.astype(dict.fromkeys(numbers, float))

    def __repr__(self) -> str:
        return self._summary.text("table").rstrip("\n")

    def _repr_html_(self) -> str:
        return self._summary.text("html")


def fit(
    y: ArrayLike,
    sigma: ArrayLike,
    tau_prior: str = "uniform",
    mu_prior: str = "flat",
    labels: Iterable[Any] | None = None,
    *,
    backend: str = "auto",
    threads: int | None = None,
) -> Posterior:
    """Return the exact posterior of one data set, without random numbers.

    Parameters
    ----------
    y : array_like (J,)
        Estimate of each school (study), any unit.
    sigma : array_like (J,)
        Its standard error, units of y, positive.
    tau_prior : str
        Prior of tau, as on the command line: "uniform", "half_cauchy:5", "half_normal:2", "fixed:0"
        and others; ``taugrid info --priors`` lists them. Scales are in units of y.
    mu_prior : str
        Prior of mu: "flat", "normal:mean,sd" or "uniform:lower,upper".
    labels : iterable of str, optional
        (J,), names of the schools.
    backend : {"auto", "cpu", "cuda"}
        What computes; auto takes the CPU, where one posterior is sooner done.
    threads : int, optional
        Of the CPU; all that there are without.

    Returns
    -------
    Posterior

    Raises
    ------
    ValueError
        For bad data (with the row and the quantity), an unknown prior, or an improper posterior
        (with what would make it proper), in the command line's words.

    Examples
    --------
    >>> r = fit([28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18], "half_cauchy:5")
    >>> low, high = r["theta_new"].interval(0.95, "central")  # the prediction interval
    """
    return Posterior(y, sigma, tau_prior, mu_prior, labels, backend, threads)


def read_data(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """Return y, sigma and labels (None without) of a file: ``fit(**read_data(path))``.

    Parameters
    ----------
    path : path-like
        CSV with columns y and sigma (label optional), or Stan's JSON data.

    Returns
    -------
    dict
        y (J,), sigma (J,) and labels, a list of J texts.

    Raises
    ------
    ValueError
        For a file that is not there or not such data, with the row and the quantity.
    """
    y, sigma, labels = _core.read_data(os.fspath(path))
    return {"y": y, "sigma": sigma, "labels": labels or None}
