// Counts of what only joint draws tell: which theta_j is the largest, every school's rank (0 the
// largest), and every pair's order. A lane is a draw. Schools are compared in tiles of 4 by 4,
// every pair once: J (J - 1) comparisons a draw, with no sort, because those of a few schools cost
// less than their draw.
//
// Counts are integers, the same for any lane width. Schools that tie (tau = 0; rounding, else)
// share their ranks: in draw i the k-th of m tied schools, in order of the data and from 0, takes
// the
// ((k + i) mod m)-th of the m ranks that they hold, so that over draws each takes each as often. A
// pair that ties is counted for neither.
#pragma once

#include "kernels/math/lanes.h"

namespace taugrid {

// Where to add to; null what is not wanted.
struct DerivedCounts {
  int64_t n_schools;
  uint64_t* best;    // (J) draws in which school j is the largest
  uint64_t* shared;  // (1) draws whose largest several schools share; with best
  uint64_t* rank;    // (J, J) draws in which school j has rank r
  uint64_t* pairs;   // (J, J) for i < j: at (i, j) draws with theta_i > theta_j, at (j, i) those
                     // where they tie
};

inline constexpr int64_t kDerivedTile = 4;

// Schools with those that fill up the last tile.
TAUGRID_INLINE int64_t padded_schools(int64_t n_schools) {
  return (n_schools + kDerivedTile - 1) / kDerivedTile * kDerivedTile;
}

// Draws that are counted at a time: a kilobyte a school, so that those of a few schools stay in the
// first cache; fewer where schools are many. A multiple of 16.
template <class T>
TAUGRID_INLINE int64_t derived_chunk(int64_t n_schools) {
  const int64_t fits = (int64_t{1} << 19) / n_schools / 16 * 16;
  const int64_t most = static_cast<int64_t>(1024 / sizeof(T));
  return fits > most ? most : (fits < 16 ? 16 : fits);
}

// What one thread works in.
template <class T>
struct DerivedWorkspaceOf {
  T* theta;    // (padded_schools, derived_chunk)
  T* largest;  // (derived_chunk)
  typename RealFormat<T>::Bits*
      rank;  // (padded_schools, derived_chunk), where rank or pairs are wanted
  typename RealFormat<T>::Bits* equal;  // (derived_chunk)
};

template <class L>
TAUGRID_INLINE uint64_t sum_of_lanes(typename L::Bits counts) {
  typename RealFormat<typename L::Element>::Bits lane[L::N];
  L::store_bits(lane, counts);
  uint64_t sum = 0;
  for (int i = 0; i < L::N; ++i) sum += lane[i];
  return sum;
}

// How many schools tie with school j in one lane of the chunk, it included, and how many of them
// come before it.
struct Tie {
  int64_t schools, before;
};
template <class T>
TAUGRID_INLINE Tie tie_of(const T* theta, int64_t chunk, int64_t n_schools, int64_t j,
                          int64_t lane) {
  Tie tie{0, 0};
  for (int64_t i = 0; i < n_schools; ++i) {
    const bool same = theta[i * chunk + lane] == theta[j * chunk + lane];
    tie.schools += same;
    tie.before += same && i < j;
  }
  return tie;
}
// The place, from 0, that it takes among them in draw `index`.
TAUGRID_INLINE uint64_t place_of(const Tie& tie, uint64_t index) {
  return (static_cast<uint64_t>(tie.before) + index) % static_cast<uint64_t>(tie.schools);
}

// Which is the largest, of n draws in the workspace; maxima (n, up to the next multiple of 16), or
// null.
template <class L>
TAUGRID_TEMPLATE inline void count_best(const DerivedCounts& counts,
                                        const DerivedWorkspaceOf<typename L::Element>& work,
                                        int64_t chunk, uint64_t first, int64_t n,
                                        typename L::Element* maxima) {
  using Real = typename L::Real;
  using Bits = typename L::Bits;
  const int64_t n_schools = counts.n_schools;
  const auto* theta = work.theta;
  auto* largest = work.largest;
  for (int64_t i = 0; i < n; i += L::N) {
    Real m = L::load(theta + i);
    for (int64_t j = 1; j < n_schools; ++j) {
      const Real x = L::load(theta + j * chunk + i);
      m = L::select(x > m, x, m);
    }
    L::store(largest + i, m);
    if (maxima != nullptr) L::store(maxima + i, m);
    L::store_bits(work.equal + i, L::splat_bits(0));
  }
  if (counts.best == nullptr) return;
  for (int64_t j = 0; j < n_schools; ++j) {
    Bits best = L::splat_bits(0);
    for (int64_t i = 0; i < n; i += L::N) {
      const auto is_largest = L::load(theta + j * chunk + i) == L::load(largest + i);
      best = L::tally(best, is_largest);
      L::store_bits(work.equal + i, L::tally(L::load_bits(work.equal + i), is_largest));
    }
    counts.best[j] += sum_of_lanes<L>(best);
  }
  for (int64_t i = 0; i < n; i += L::N) {
    if (!L::any(L::load_bits(work.equal + i) != L::splat_bits(1))) continue;
    for (int64_t lane = i; lane < i + L::N; ++lane) {
      if (work.equal[lane] == 1) continue;
      ++*counts.shared;
      Tie tie{static_cast<int64_t>(work.equal[lane]), 0};
      for (int64_t j = 0; j < n_schools; ++j) {
        if (!(theta[j * chunk + lane] == largest[lane])) continue;
        if (place_of(tie, first + static_cast<uint64_t>(lane)) != 0) --counts.best[j];
        ++tie.before;
      }
    }
  }
}

// The pairs of schools row .. row + 3 with column .. column + 3, of n draws: how many of the others
// are above each, added to the ranks, and who is above.
template <class L, bool kPairs>
TAUGRID_TEMPLATE inline void compare_tile(const DerivedCounts& counts,
                                          const DerivedWorkspaceOf<typename L::Element>& work,
                                          int64_t chunk, int64_t n, int64_t row, int64_t column) {
  using Real = typename L::Real;
  using Bits = typename L::Bits;
  constexpr int K = kDerivedTile;
  Bits above[K][K];
#pragma GCC unroll 4
  for (int r = 0; r < K; ++r)
#pragma GCC unroll 4
    for (int c = 0; c < K; ++c) above[r][c] = L::splat_bits(0);
  const auto* theta_row = work.theta + row * chunk;
  const auto* theta_column = work.theta + column * chunk;
  auto* rank_row = work.rank + row * chunk;
  auto* rank_column = work.rank + column * chunk;
  for (int64_t i = 0; i < n; i += L::N) {
    Real b[K];
    Bits of_column[K];
#pragma GCC unroll 4
    for (int c = 0; c < K; ++c) {
      b[c] = L::load(theta_column + c * chunk + i);
      of_column[c] = L::load_bits(rank_column + c * chunk + i);
    }
#pragma GCC unroll 4
    for (int r = 0; r < K; ++r) {
      const Real a = L::load(theta_row + r * chunk + i);
      Bits of_row = L::load_bits(rank_row + r * chunk + i);
#pragma GCC unroll 4
      for (int c = 0; c < K; ++c) {
        const auto over = a > b[c];
        of_column[c] = L::tally(of_column[c], over);
        of_row = L::tally(of_row, a < b[c]);
        if constexpr (kPairs) above[r][c] = L::tally(above[r][c], over);
      }
      L::store_bits(rank_row + r * chunk + i, of_row);
    }
#pragma GCC unroll 4
    for (int c = 0; c < K; ++c) L::store_bits(rank_column + c * chunk + i, of_column[c]);
  }
  if constexpr (kPairs) {
    const int64_t J = counts.n_schools;
    for (int r = 0; r < K; ++r)
      for (int c = 0; c < K; ++c)
        if (row + r < J && column + c < J)
          counts.pairs[(row + r) * J + column + c] += sum_of_lanes<L>(above[r][c]);
  }
}

// The same within schools row .. row + 3.
template <class L, bool kPairs>
TAUGRID_TEMPLATE inline void compare_diagonal(const DerivedCounts& counts,
                                              const DerivedWorkspaceOf<typename L::Element>& work,
                                              int64_t chunk, int64_t n, int64_t row) {
  using Real = typename L::Real;
  using Bits = typename L::Bits;
  constexpr int K = kDerivedTile;
  Bits above[K][K];
#pragma GCC unroll 4
  for (int r = 0; r < K; ++r)
#pragma GCC unroll 4
    for (int c = r + 1; c < K; ++c) above[r][c] = L::splat_bits(0);
  const auto* theta = work.theta + row * chunk;
  auto* rank = work.rank + row * chunk;
  for (int64_t i = 0; i < n; i += L::N) {
    Real a[K];
    Bits of[K];
#pragma GCC unroll 4
    for (int r = 0; r < K; ++r) {
      a[r] = L::load(theta + r * chunk + i);
      of[r] = L::load_bits(rank + r * chunk + i);
    }
#pragma GCC unroll 4
    for (int r = 0; r < K; ++r)
#pragma GCC unroll 4
      for (int c = r + 1; c < K; ++c) {
        const auto over = a[r] > a[c];
        of[c] = L::tally(of[c], over);
        of[r] = L::tally(of[r], a[r] < a[c]);
        if constexpr (kPairs) above[r][c] = L::tally(above[r][c], over);
      }
#pragma GCC unroll 4
    for (int r = 0; r < K; ++r) L::store_bits(rank + r * chunk + i, of[r]);
  }
  if constexpr (kPairs) {
    const int64_t J = counts.n_schools;
    for (int r = 0; r < K; ++r)
      for (int c = r + 1; c < K; ++c)
        if (row + c < J) counts.pairs[(row + r) * J + row + c] += sum_of_lanes<L>(above[r][c]);
  }
}

// Where schools tie, fewer than J (J - 1)/2 are above another: finds those draws, shares out the
// ranks and counts the pairs.
template <class L>
TAUGRID_TEMPLATE inline void settle_ties(const DerivedCounts& counts,
                                         const DerivedWorkspaceOf<typename L::Element>& work,
                                         int64_t chunk, uint64_t first, int64_t n) {
  using Bits = typename L::Bits;
  using Count = typename RealFormat<typename L::Element>::Bits;
  const int64_t n_schools = counts.n_schools;
  const Bits without = L::splat_bits(static_cast<Count>(n_schools * (n_schools - 1) / 2));
  uint64_t all_tie = 0;  // draws in which all schools do, as at tau = 0: J of work each, not J^2
  for (int64_t i = 0; i < n; i += L::N) {
    Bits sum = L::splat_bits(0);
    for (int64_t j = 0; j < n_schools; ++j) sum = sum + L::load_bits(work.rank + j * chunk + i);
    if (!L::any(sum != without)) continue;
    Count lane_sum[L::N];
    L::store_bits(lane_sum, sum);
    for (int lane = 0; lane < L::N; ++lane) {
      if (lane_sum[lane] == static_cast<Count>(n_schools * (n_schools - 1) / 2)) continue;
      if (lane_sum[lane] == 0) {
        Tie tie{n_schools, 0};
        for (; tie.before < n_schools; ++tie.before)
          work.rank[tie.before * chunk + i + lane] =
              static_cast<Count>(place_of(tie, first + static_cast<uint64_t>(i + lane)));
        ++all_tie;
        continue;
      }
      for (int64_t j = 0; j < n_schools; ++j) {
        const Tie tie = tie_of(work.theta, chunk, n_schools, j, i + lane);
        if (tie.schools == 1) continue;
        const uint64_t place = place_of(tie, first + static_cast<uint64_t>(i + lane));
        work.rank[j * chunk + i + lane] += static_cast<Count>(place);
        if (counts.pairs == nullptr) continue;
        for (int64_t k = 0; k < j; ++k)
          counts.pairs[j * n_schools + k] +=
              work.theta[k * chunk + i + lane] == work.theta[j * chunk + i + lane];
      }
    }
  }
  if (counts.pairs == nullptr || all_tie == 0) return;
  for (int64_t j = 0; j < n_schools; ++j)
    for (int64_t k = 0; k < j; ++k) counts.pairs[j * n_schools + k] += all_tie;
}

// Adds up the ranks. Few schools: every rank is compared with every school's; many: one at a time.
template <class L>
TAUGRID_TEMPLATE inline void count_ranks(const DerivedCounts& counts,
                                         const DerivedWorkspaceOf<typename L::Element>& work,
                                         int64_t chunk, int64_t n) {
  using Bits = typename L::Bits;
  using Count = typename RealFormat<typename L::Element>::Bits;
  constexpr int K = 8;
  const int64_t n_schools = counts.n_schools;
  for (int64_t j = 0; j < n_schools; ++j) {
    const Count* rank = work.rank + j * chunk;
    uint64_t* count = counts.rank + j * n_schools;
    if (n_schools > 3 * L::N) {
      for (int64_t i = 0; i < n; ++i) ++count[rank[i]];
      continue;
    }
    for (int64_t from = 0; from < n_schools; from += K) {
      Bits at[K];
#pragma GCC unroll 8
      for (int r = 0; r < K; ++r) at[r] = L::splat_bits(0);
      for (int64_t i = 0; i < n; i += L::N) {
        const Bits here = L::load_bits(rank + i);
#pragma GCC unroll 8
        for (int r = 0; r < K; ++r)
          at[r] = L::tally(at[r], here == L::splat_bits(static_cast<Count>(from + r)));
      }
      for (int r = 0; r < K && from + r < n_schools; ++r) count[from + r] += sum_of_lanes<L>(at[r]);
    }
  }
}

// Draws first .. first + n - 1: theta_1 .. theta_J in columns `stride` apart, readable up to the
// next multiple of 16. maxima (n, likewise; or null) are their largest theta.
template <class L>
TAUGRID_TEMPLATE inline void count_derived(const DerivedCounts& counts,
                                           const DerivedWorkspaceOf<typename L::Element>& work,
                                           uint64_t first, int64_t n,
                                           const typename L::Element* columns, int64_t stride,
                                           typename L::Element* maxima) {
  using Element = typename L::Element;
  const int64_t n_schools = counts.n_schools;
  const int64_t padded = padded_schools(n_schools);
  const int64_t chunk = derived_chunk<Element>(n_schools);
  const bool compared = counts.rank != nullptr || counts.pairs != nullptr;
  // Below every school: whoever is compared with them, no rank of a school changes.
  const Element lowest = static_cast<Element>(-real_of(uint64_t{0x7FF0000000000000u}));
  for (int64_t j = n_schools; j < padded; ++j)
    for (int64_t i = 0; i < chunk; i += L::N)
      L::store(work.theta + j * chunk + i, L::splat(lowest));

  for (int64_t begin = 0; begin < n; begin += chunk) {
    const int64_t in_chunk = n - begin < chunk ? n - begin : chunk;
    const int64_t in_packs = (in_chunk + L::N - 1) / L::N * L::N;
    // Close together, because columns whose distance is a power of two share their places in the
    // cache.
    for (int64_t j = 0; j < n_schools; ++j) {
      for (int64_t i = 0; i < in_packs; i += L::N)
        L::store(work.theta + j * chunk + i, L::load(columns + j * stride + begin + i));
      // Lanes past the end: school by school lower, which is counted, and taken off below.
      for (int64_t i = in_chunk; i < in_packs; ++i)
        work.theta[j * chunk + i] = static_cast<Element>(-j);
    }
    const uint64_t index = first + static_cast<uint64_t>(begin);
    if (counts.best != nullptr || maxima != nullptr)
      count_best<L>(counts, work, chunk, index, in_packs,
                    maxima == nullptr ? nullptr : maxima + begin);
    if (!compared) continue;
    for (int64_t j = 0; j < padded; ++j)
      for (int64_t i = 0; i < in_packs; i += L::N)
        L::store_bits(work.rank + j * chunk + i, L::splat_bits(0));
    for (int64_t row = 0; row < padded; row += kDerivedTile) {
      if (counts.pairs != nullptr) {
        compare_diagonal<L, true>(counts, work, chunk, in_packs, row);
        for (int64_t column = row + kDerivedTile; column < padded; column += kDerivedTile)
          compare_tile<L, true>(counts, work, chunk, in_packs, row, column);
      } else {
        compare_diagonal<L, false>(counts, work, chunk, in_packs, row);
        for (int64_t column = row + kDerivedTile; column < padded; column += kDerivedTile)
          compare_tile<L, false>(counts, work, chunk, in_packs, row, column);
      }
    }
    settle_ties<L>(counts, work, chunk, index, in_packs);
    if (counts.rank != nullptr) count_ranks<L>(counts, work, chunk, in_packs);
  }

  const uint64_t past = static_cast<uint64_t>((n + L::N - 1) / L::N * L::N - n);
  if (past == 0) return;
  if (counts.best != nullptr) counts.best[0] -= past;
  for (int64_t j = 0; j < n_schools; ++j) {
    if (counts.rank != nullptr) counts.rank[j * n_schools + j] -= past;
    for (int64_t i = 0; counts.pairs != nullptr && i < j; ++i)
      counts.pairs[i * n_schools + j] -= past;
  }
}

}  // namespace taugrid
