// Known answers of the stream: hashes of the first 10^4 draws of the eight schools, seed 1, in both
// precisions. Whoever changes one on purpose changes the stream: kStreamVersion, once it is frozen.
#include <gtest/gtest.h>

#include "host/taugrid/posterior.h"
#include "kernels/math/lanes.h"
#include "kernels/math/philox.h"
#include "tests/data_sets.h"

namespace taugrid {
namespace {

// FNV-1a over the bits of the values, byte by byte from the lowest.
template <class T>
uint64_t hash_of(const DrawsOf<T>& draws) {
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < draws.values.size(); ++i) {
    const auto bits = bits_of(draws.values.data()[i]);
    for (size_t byte = 0; byte < sizeof bits; ++byte)
      hash = (hash ^ (bits >> (8 * byte) & 0xff)) * 1099511628211u;
  }
  return hash;
}

Posterior posterior(const char* tau_prior) {
  return Posterior(eight_schools(), tau_prior, "flat", {"cpu", 1});
}

TEST(Stream, VersionIsZeroUntilItIsFrozen) { EXPECT_EQ(kStreamVersion, 0); }

TEST(Stream, FirstDrawsGivenTauAreKnown) {
  EXPECT_EQ(hash_of(posterior("fixed:5").draw(10'000, 1)), 0xaabb6aeafa591e00u);
  EXPECT_EQ(hash_of(posterior("fixed:5").draw_single(10'000, 1)), 0x25f163d4d0e09fdfu);
}

// These rest on the last bits of the sampling table as well: until the stream is frozen, a change
// of the quadrature may set them anew.
TEST(Stream, FirstDrawsAreKnown) {
  EXPECT_EQ(hash_of(posterior("uniform").draw(10'000, 1)), 0x98668c1f851d8fb0u);
  EXPECT_EQ(hash_of(posterior("uniform").draw_single(10'000, 1)), 0x9fe12efb22de9ca8u);
}

}  // namespace
}  // namespace taugrid
