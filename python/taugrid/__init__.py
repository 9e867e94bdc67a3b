"""Exact posterior of the normal-normal hierarchical model.

::

    y_j | theta_j     ~ N(theta_j, sigma_j^2)     sigma_j known, j = 1 .. J
    theta_j | mu, tau ~ N(mu, tau^2)

`fit` gives the exact posterior of one data set, `batch` those of many data sets, `sweep` those
under many priors; `Posterior.draw` draws independently.

>>> import taugrid
>>> r = taugrid.fit([28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18])
>>> round(r["mu"].mean, 3)
7.932
"""

from taugrid import _core
from taugrid._draws import Draws
from taugrid._many import batch, sweep
from taugrid._posterior import (
    BayesFactors,
    GivenTau,
    LeaveOneOut,
    Parameter,
    Posterior,
    Weights,
    fit,
    read_data,
)

__version__ = _core.version

__all__ = [
    "BayesFactors",
    "Draws",
    "GivenTau",
    "LeaveOneOut",
    "Parameter",
    "Posterior",
    "Weights",
    "batch",
    "fit",
    "read_data",
    "sweep",
]
