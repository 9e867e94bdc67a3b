"""Draws, and the way from them to ArviZ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from taugrid import _core

if TYPE_CHECKING:
    import arviz

    from taugrid._posterior import Posterior


class Draws:
    """Independent draws from a posterior, in units of y; `Posterior.draw` makes them.

    All arrays are views of `values`. They pickle as the posterior's inputs and the seed, and are
    drawn anew when they are read back. Draws that have lent their memory to later ones
    (``r.draw(n, out=draws)``) are spent: what their memory holds is no longer theirs, and all
    but their length, `repr` and inputs is a ValueError.

    Attributes
    ----------
    tau, mu, theta_new : ndarray (N,)
        theta_new is the effect in a new school.
    theta : ndarray (N, J)
        Strided: each column is contiguous.
    values : ndarray (J + 3, N)
        Rows tau, mu, theta[1] .. theta[J], theta_new.
    seed : int
    precision : str
        "double" or "single".
    backend : str
        What drew, such as "cpu (v4)".
    """

    def __init__(
        self,
        posterior: Posterior,
        core: _core.Posterior,
        values: NDArray[Any],
        seed: int,
        precision: str,
        arguments: tuple[Any, ...],
    ) -> None:
        self.posterior = posterior
        self.seed = seed
        self.precision = precision
        self.backend = core.backend
        self._core = core
        self._arguments = arguments
        self._shape = values.shape
        self._values: NDArray[Any] | None = values  # None once they are lent

    @property
    def values(self) -> NDArray[Any]:
        if self._values is None:
            raise ValueError(
                f"these draws of seed {self.seed} lent their memory (out=) and are spent; "
                "use the draws that took it, or draw these anew"
            )
        return self._values

    @property
    def tau(self) -> NDArray[Any]:
        row: NDArray[Any] = self.values[0]
        return row

    @property
    def mu(self) -> NDArray[Any]:
        row: NDArray[Any] = self.values[1]
        return row

    @property
    def theta(self) -> NDArray[Any]:
        return self.values[2:-1].T

    @property
    def theta_new(self) -> NDArray[Any]:
        row: NDArray[Any] = self.values[-1]
        return row

    def _spend(self) -> None:
        self._values = None

    def __len__(self) -> int:
        return int(self._shape[1])

    def __reduce__(self) -> tuple[Any, ...]:
        _ = self.values  # spent draws do not pickle
        return _draw_again, (self.posterior, self._arguments)

    def __repr__(self) -> str:
        spent = ", spent" if self._values is None else ""
        return (
            f"<{len(self)} draws from the exact posterior{spent}: J = {self._shape[0] - 3}, "
            f"tau ~ {self.posterior.tau_prior}, mu ~ {self.posterior.mu_prior}; "
            f"seed {self.seed}, {self.precision} precision, {self.backend}>"
        )

    def lp(self) -> NDArray[np.float64]:
        """Return the log posterior density of each draw, up to a constant.

        As Stan's ~ statements give it for the same model.

        Returns
        -------
        ndarray (N,)
        """
        _ = self.values  # spent draws have none
        return self._core.lp(len(self), self.seed, self.precision == "single")

    def log_likelihood(self) -> NDArray[Any]:
        """Return log N(y_j | theta_j, sigma_j^2) of each draw.

        Returns
        -------
        ndarray (N, J)
            Of the draws' precision.
        """
        if self.precision == "single":
            return self._core.log_likelihood_single(self.values).T
        return self._core.log_likelihood(self.values).T

    def replicates(self) -> NDArray[Any]:
        """Return data replicated from each draw, y_rep_j ~ N(theta_j, sigma_j^2).

        Returns
        -------
        ndarray (N, J)
            Units of y, of the draws' precision.
        """
        if self.precision == "single":
            return self._core.replicates_single(self.values, self.seed).T
        return self._core.replicates(self.values, self.seed).T

    def to_inference_data(self) -> arviz.InferenceData:
        """Return the draws as ArviZ's InferenceData.

        One chain; groups posterior (tau, mu, theta, theta_new), posterior_predictive (y),
        log_likelihood (y), sample_stats (lp), observed_data (y) and constant_data (sigma).
        The coordinate school holds the labels, or 1 .. J.

        Returns
        -------
        arviz.InferenceData
            tau, mu, theta and theta_new are the draws' own memory.
        """
        import arviz

        posterior = self.posterior
        n_schools = self.theta.shape[1]
        attributes = {
            "inference_library": "taugrid",
            "inference_library_version": _core.version,
            "taugrid_stream": _core.stream,
            "tau_prior": posterior.tau_prior,
            "mu_prior": posterior.mu_prior,
            "seed": str(self.seed),
            "precision": self.precision,
        }
        of_draws = {"tau": self.tau, "mu": self.mu, "theta": self.theta}
        data: arviz.InferenceData = arviz.from_dict(
            posterior={k: v[None] for k, v in (of_draws | {"theta_new": self.theta_new}).items()},
            posterior_predictive={"y": self.replicates()[None]},
            log_likelihood={"y": self.log_likelihood()[None]},
            sample_stats={"lp": self.lp()[None]},
            observed_data={"y": posterior.y},
            constant_data={"sigma": posterior.sigma},
            coords={"school": posterior.labels or list(range(1, n_schools + 1))},
            dims={"theta": ["school"], "y": ["school"], "sigma": ["school"]},
        )
        for group in data.groups():
            data[group].attrs.update(attributes)
        return data


def _draw_again(posterior: Posterior, arguments: tuple[Any, ...]) -> Draws:
    return posterior.draw(*arguments)
