"""Many data sets, and many priors: data frames in and out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taugrid import _arguments, _core

if TYPE_CHECKING:
    import pandas as pd

QUANTITIES = ("tau", "mu", "theta_new")
STATISTICS = ("mean", "sd", "q2.5", "q50", "q97.5")


class _DataSets(NamedTuple):
    """P data sets, laid out flat: data set p is y[offsets[p]:offsets[p + 1]]."""

    group: Any  # (P), any column
    y: NDArray[np.float64]
    sigma: NDArray[np.float64]
    offsets: NDArray[np.int64]  # (P + 1)


def batch(
    data: Any = None,
    *,
    y: Any = "y",
    sigma: Any = "sigma",
    by: Any = None,
    tau_prior: str = "uniform",
    mu_prior: str = "flat",
    quantities: str | Iterable[str] = QUANTITIES,
    statistics: str | Iterable[str] = STATISTICS,
    backend: str = "auto",
    threads: int | None = None,
) -> Any:
    """Return the exact posteriors of many data sets, a row each.

    A data set that is bad, or whose posterior is improper, is a row of NaN with the reason in the
    column error.

    Parameters
    ----------
    data : pandas or polars DataFrame, optional
        Long, a row a study, or wide, a row a data set.
    y, sigma : str, list of str, or array_like
        With `data` its columns: one of each in the long form, one a study in the wide form. Without
        it arrays: (rows,) with `by`, or (P, k), NaN in both where a study is absent.
    by : str or array_like, optional
        The column, or array (rows,), that says which data set a row is of; "group" by default. In
        the wide form it names the rows, which are numbered from 1 without it.
    tau_prior, mu_prior : str
        As `fit` takes them, for all data sets.
    quantities : iterable of str
        Of tau, mu, theta_new and theta; fewer take less time.
    statistics : iterable of str
        Of mean, sd, mode, quantiles (q2.5), intervals (central95, shortest90).
    backend : {"auto", "cpu", "cuda"}
        auto takes the CPU.
    threads : int, optional
        Of the CPU; all that there are without.

    Returns
    -------
    DataFrame
        In the order of the data sets' first rows: group, J, the statistics ("tau.mean",
        "mu.q2.5", .., "mu.central95.lower"; units of y), error (None where there is none). Of
        polars if `data` is, else of pandas.

    Raises
    ------
    ValueError
        For an unknown prior, column, quantity or statistic, for what is no number (with its row),
        and for lengths that differ.

    Examples
    --------
    >>> frame = batch(y=[[1, 2, 3], [2, 0, np.nan]], sigma=[[1, 1, 1], [1, 2, np.nan]],
    ...               tau_prior="half_normal:1")
    >>> list(frame["J"])
    [3, 2]
    """
    polars = type(data).__module__.partition(".")[0] == "polars"
    if data is None:
        sets = _from_arrays(y, sigma, by)
    elif isinstance(y, str) and isinstance(sigma, str):
        _check_columns(data, [y, sigma, by or "group"])
        by = by or "group"
        sets = (
            _from_polars(data, y, sigma, by)
            if polars
            else _from_long(data[y], data[sigma], data[by], by)
        )
    else:
        _check_columns(data, [*y, *sigma, *([by] if by else [])])
        wide = data[list(y)].to_numpy(), data[list(sigma)].to_numpy()
        sets = _from_wide(wide[0], wide[1], data[by] if by else None)
    sizes = np.diff(sets.offsets)
    answer = _core.batch(
        sets.y,
        sets.sigma,
        sets.offsets,
        str(tau_prior),
        str(mu_prior),
        _list(quantities),
        _list(statistics),
        int(sizes.max(initial=0)),
        str(backend),
        _arguments.threads(threads),
    )
    errors: list[str | None] = [None] * len(sizes)
    for p, text in answer.errors:
        errors[p] = text
    if polars:
        import polars as pl

        frame = pl.DataFrame(answer.values, schema=answer.columns, orient="row")
        first = [pl.Series("group", sets.group), pl.Series("J", sizes)]
        return frame.select(*first, pl.all(), pl.Series("error", errors, dtype=pl.String))
    import pandas as pd

    frame = pd.DataFrame(answer.values, columns=answer.columns, copy=False)
    frame.insert(0, "group", sets.group)
    frame.insert(1, "J", sizes)
    frame["error"] = pd.Series(errors, dtype=object)
    return frame


def _list(items: str | Iterable[str]) -> str:
    return items if isinstance(items, str) else ",".join(str(item) for item in items)


def _check_columns(data: Any, names: Sequence[str]) -> None:
    for name in names:
        if name not in data.columns:
            raise ValueError(f"there is no column '{name}'; there are {', '.join(data.columns)}")


def _offsets(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _from_arrays(y: Any, sigma: Any, by: Any) -> _DataSets:
    if isinstance(y, str) or isinstance(sigma, str):
        raise ValueError("without data, y and sigma must be arrays")
    if np.ndim(y) == 2:
        return _from_wide(y, sigma, by)
    if by is None:
        raise ValueError("y has one dimension: by must say which data set each value is of")
    return _from_long(y, sigma, by, "by")


def _from_long(y: ArrayLike, sigma: ArrayLike, by: Any, name: str) -> _DataSets:
    import pandas as pd

    values, errors = _arguments.column(y, "y"), _arguments.column(sigma, "sigma")
    codes, group = pd.factorize(by if hasattr(by, "dtype") else np.array(by, dtype=object))
    for column, what in ((values, "y"), (errors, "sigma")):
        if len(column) != len(codes):
            raise ValueError(f"{what} has {len(column)} values and {name} has {len(codes)}")
    if len(codes) and codes.min() < 0:
        raise ValueError(f"row {int(np.argmin(codes)) + 1}: {name} is missing")
    if (codes[1:] < codes[:-1]).any():  # rows of a data set do not stand together
        order = np.argsort(codes, kind="stable")
        values, errors = values[order], errors[order]
    return _DataSets(group, values, errors, _offsets(np.bincount(codes, minlength=len(group))))


def _from_polars(data: Any, y: str, sigma: str, by: str) -> _DataSets:
    import polars as pl

    # As numbers before they are grouped, so that what is no number is named by its row in data.
    columns = {
        "group": data[by],
        "y": _arguments.column(data[y].to_numpy(), "y"),
        "sigma": _arguments.column(data[sigma].to_numpy(), "sigma"),
    }
    groups = (
        pl.DataFrame(columns)
        .group_by("group", maintain_order=True)
        .agg(pl.col("y"), pl.col("sigma"))
    )
    values = groups["y"].explode().to_numpy()
    errors = groups["sigma"].explode().to_numpy()
    if groups["group"].null_count():
        row = data[by].is_null().arg_max()
        raise ValueError(f"row {int(row or 0) + 1}: {by} is missing")
    sizes = groups["y"].list.len().to_numpy()
    return _DataSets(groups["group"], values, errors, _offsets(sizes))


def _from_wide(y: ArrayLike, sigma: ArrayLike, group: Any) -> _DataSets:
    values, errors = _arguments.table(y, "y"), _arguments.table(sigma, "sigma")
    if values.ndim != 2 or values.shape != errors.shape:
        raise ValueError(
            f"y has shape {values.shape} and sigma {errors.shape}; they must be equal, (P, k)"
        )
    if group is None:
        group = np.arange(1, len(values) + 1)
    elif len(group) != len(values):
        raise ValueError(f"by has {len(group)} values, must have {len(values)}")
    present = ~(np.isnan(values) & np.isnan(errors))
    return _DataSets(group, values[present], errors[present], _offsets(present.sum(axis=1)))


def sweep(
    y: ArrayLike,
    sigma: ArrayLike,
    tau_prior: str | Iterable[str] = "uniform",
    mu_prior: str | Iterable[str] = "flat",
    *,
    base: str | None = None,
    base_mu: str | None = None,
    quantities: str | Iterable[str] = QUANTITIES,
    statistics: str | Iterable[str] = STATISTICS,
    threads: int | None = None,
) -> pd.DataFrame:
    """Return one data set's exact posteriors under many priors, a row each.

    A prior under which the posterior is improper is a row of NaN with the reason in the column
    error.

    Parameters
    ----------
    y, sigma : array_like (J,)
        As `fit` takes them.
    tau_prior, mu_prior : str or iterable of str
        Priors, of which a parameter may be a range LO..HI:N, as in "half_normal:0.1..10:50"
        (N values, equally spaced in their logarithms). All combinations are taken.
    base, base_mu : str, optional
        The priors from which ks_mu and shift_mu are measured; the first ones without.
    quantities, statistics : iterable of str
        As `batch` takes them.
    threads : int, optional
        Of the CPU; all that there are without.

    Returns
    -------
    pandas.DataFrame
        tau_prior, mu_prior, the statistics, mu_above_zero (P(mu > 0 | y)),
        log_marginal_likelihood, ks_mu (the largest difference to the CDF of mu under the base
        prior), shift_mu (in sd of mu under the base prior), error (None where there is none).
        ``attrs`` has "base", "flips" (where along a range P(mu > 0 | y) crosses 0.95, 0.05, 0.975
        or 0.025: a dict each) and "notes".

    Raises
    ------
    ValueError
        As `fit`; for an unknown prior, and for more combinations of priors than are taken.

    Examples
    --------
    >>> frame = sweep([28, 8, -3], [15, 10, 16], "half_normal:1..10:5")
    >>> len(frame)
    5
    """
    import pandas as pd

    answer = _core.sweep(
        _arguments.column(y, "y"),
        _arguments.column(sigma, "sigma"),
        [tau_prior] if isinstance(tau_prior, str) else [str(prior) for prior in tau_prior],
        [mu_prior] if isinstance(mu_prior, str) else [str(prior) for prior in mu_prior],
        base or "",
        base_mu or "",
        _list(quantities),
        _list(statistics),
        _arguments.threads(threads),
    )
    frame = pd.DataFrame(answer.values, columns=answer.columns, copy=False)
    frame.insert(0, "tau_prior", answer.tau_prior)
    frame.insert(1, "mu_prior", answer.mu_prior)
    for name in ("mu_above_zero", "log_marginal_likelihood", "ks_mu", "shift_mu"):
        frame[name] = getattr(answer, name)
    frame["error"] = pd.Series([text or None for text in answer.error], dtype=object)
    names = ("range", "parameter", "value", "tau_prior", "mu_prior", "probability", "rises")
    frame.attrs = {
        "base": (answer.base_tau_prior, answer.base_mu_prior),
        "flips": [
            {name: getattr(flip, name) for name in (*names, "event")} for flip in answer.flips
        ],
        "notes": answer.notes,
    }
    return frame
