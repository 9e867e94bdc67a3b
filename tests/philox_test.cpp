// The words against known answers and against cuRAND, whose stream ours is; every lane width
// against one lane; the ends of the uniforms.
#include "kernels/math/philox.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#if defined(TAUGRID_HAVE_CURAND_HEADERS)
#include <cuda_runtime.h>  // before curand_kernel.h, which needs its types as host code too

#include <curand_kernel.h>
#endif
#if defined(TAUGRID_HAVE_CURAND_HOST)
#include <curand.h>
#endif

namespace taugrid {
namespace {

using One = Scalar<>;
using Words = std::array<uint32_t, 4>;

Words words_of(const Block<One>& block) { return {block.w[0], block.w[1], block.w[2], block.w[3]}; }

// Word k of a pack's lane; the upper half of a lane has no meaning.
template <class L>
Words lane_words(const Block<L>& block, int lane) {
  Words words;
  for (int k = 0; k < 4; ++k) words[k] = static_cast<uint32_t>(block.w[k][lane]);
  return words;
}

struct Place {
  StreamPosition at;
  uint64_t index;
  uint32_t block;
};

constexpr uint64_t kWord = uint64_t{1} << 32;

// Places all over the stream, and its corners; indices are multiples of 8.
std::vector<Place> places() {
  std::vector<Place> all;
  const auto add = [&](uint64_t seed, uint32_t problem, uint32_t purpose, uint64_t index,
                       uint32_t block) {
    all.push_back({{seed, problem, static_cast<Purpose>(purpose)}, index, block});
  };
  for (const uint64_t index : {uint64_t{0}, kWord - 8, kWord, kWord + 8, 3 * kWord - 8, 7 * kWord,
                               (uint64_t{1} << 53), ~uint64_t{7}})
    for (const uint32_t block : {0u, 1u, (1u << 28) - 1}) {
      add(0, 0, 0, index, block);
      add(~uint64_t{0}, (1u << 30) - 1, 3, index, block);
    }
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const uint64_t index = random() >> (random() % 60);
    add(random(), static_cast<uint32_t>(random() >> 34), random() % 4, index & ~uint64_t{7},
        static_cast<uint32_t>(random() >> 36));
  }
  return all;
}

TEST(Philox, GivesKnownAnswerAtZero) {
  EXPECT_EQ(words_of(philox4x32_10<One>(0, 0, 0, 0, 0)),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
}

// C++26's std::philox4x32 puts its seed into key word 0 and counts blocks in counter word 0: its
// 10000th output, 1955073260 from the default seed 20111115, is the last word of block 2499.
TEST(Philox, GivesTenThousandthOutputOfStandardEngine) {
  EXPECT_EQ(words_of(philox4x32_10<One>(20111115, 2499, 0, 0, 0))[3], 1955073260u);
}

TEST(Philox, CounterWordsAreThoseOfTheTable) {
  const StreamPosition at{0x123456789abcdef0, 0x2bcdef01, Purpose::kPredictive};
  EXPECT_EQ(words_of(draw_block<One>(at, 0x5566778899aabbcc, 0x0fedcba)),
            words_of(philox4x32_10<One>(0x123456789abcdef0, 0x30fedcba, 0x2bcdef01, 0x99aabbcc,
                                        0x55667788)));
}

TEST(Philox, WordsAreCurands) {
#if defined(TAUGRID_HAVE_CURAND_HEADERS)
  for (const Place& place : places()) {
    const uint64_t x = place.block | (static_cast<uint64_t>(place.at.purpose) << 28);
    curandStatePhilox4_32_10_t state;
    curand_init(place.at.seed, place.index, 4 * (x + kWord * place.at.problem), &state);
    const uint4 curand = curand4(&state);
    ASSERT_EQ(words_of(draw_block<One>(place.at, place.index, place.block)),
              (Words{curand.x, curand.y, curand.z, curand.w}))
        << "draw " << place.index << ", block " << place.block;
  }
#else
  GTEST_SKIP() << "no cuRAND header in this build";
#endif
}

// Its 4-tuple t is block t / 65536 of draw t mod 65536 of the same seed.
TEST(Philox, WordsAreThoseOfCurandsHostGenerator) {
#if defined(TAUGRID_HAVE_CURAND_HOST)
  constexpr uint64_t kSeed = 0xfedcba9876543210;
  constexpr size_t kDraws = 65536, kBlocks = 3;
  std::vector<uint32_t> curand(4 * kDraws * kBlocks);
  curandGenerator_t generator;
  ASSERT_EQ(curandCreateGeneratorHost(&generator, CURAND_RNG_PSEUDO_PHILOX4_32_10),
            CURAND_STATUS_SUCCESS);
  ASSERT_EQ(curandSetPseudoRandomGeneratorSeed(generator, kSeed), CURAND_STATUS_SUCCESS);
  ASSERT_EQ(curandGenerate(generator, curand.data(), curand.size()), CURAND_STATUS_SUCCESS);
  ASSERT_EQ(curandDestroyGenerator(generator), CURAND_STATUS_SUCCESS);

  const StreamPosition at{kSeed, 0, Purpose::kPosteriorDraw};
  std::vector<uint32_t> ours;
  for (size_t t = 0; t < kDraws * kBlocks; ++t)
    for (const uint32_t word :
         words_of(draw_block<One>(at, t % kDraws, static_cast<uint32_t>(t / kDraws))))
      ours.push_back(word);
  EXPECT_TRUE(ours == curand);
#else
  GTEST_SKIP() << "no cuRAND library in this build";
#endif
}

template <class L>
void expect_words_of_one_lane() {
  for (const Place& place : places()) {
    const Block<L> pack = draw_block<L>(place.at, place.index, place.block);
    for (int lane = 0; lane < L::N; ++lane) {
      const uint64_t index = place.index + static_cast<uint64_t>(lane);
      ASSERT_EQ(lane_words<L>(pack, lane), words_of(draw_block<One>(place.at, index, place.block)))
          << "draw " << index << ", block " << place.block << " at width " << L::N;
    }
  }
}

TEST(Philox, EveryWidthGivesTheWordsOfOneLane) {
  expect_words_of_one_lane<Pack<2>>();
  expect_words_of_one_lane<Pack<4>>();
  expect_words_of_one_lane<Pack<8>>();
}

TEST(Uniform53, IsOpenAtBothEndsAndExact) {
  const auto uniform = [](uint32_t high, uint32_t low) { return uniform_53<One>(high, low); };
  EXPECT_EQ(uniform(0, 0), 0x1p-53);
  EXPECT_EQ(uniform(0, 0xfff), 0x1p-53);  // the last 12 bits play no part
  EXPECT_EQ(uniform(0, 0x1000), 0x3p-53);
  EXPECT_EQ(uniform(0x7fffffff, 0xffffffff), 0.5 - 0x1p-53);
  EXPECT_EQ(uniform(0x80000000, 0), 0.5 + 0x1p-53);
  EXPECT_EQ(uniform(0xffffffff, 0xffffffff), 1.0 - 0x1p-53);
}

TEST(Uniform53, IsSymmetric) {
  for (const Place& place : places()) {
    const Words w = words_of(draw_block<One>(place.at, place.index, place.block));
    EXPECT_EQ(uniform_53<One>(~w[0], ~w[1]), 1.0 - uniform_53<One>(w[0], w[1]));
  }
}

template <class L>
void expect_uniforms_of_one_lane() {
  for (const Place& place : places()) {
    const Block<L> pack = draw_block<L>(place.at, place.index, place.block);
    const auto u = uniform_53<L>(pack.w[2], pack.w[3]);
    for (int lane = 0; lane < L::N; ++lane) {
      const Words w = lane_words<L>(pack, lane);
      ASSERT_EQ(bits_of(L::lane(u, lane)), bits_of(uniform_53<One>(w[2], w[3])));
    }
  }
}

TEST(Uniform53, EveryWidthGivesTheBitsOfOneLane) {
  expect_uniforms_of_one_lane<Pack<2>>();
  expect_uniforms_of_one_lane<Pack<4>>();
  expect_uniforms_of_one_lane<Pack<8>>();
}

}  // namespace
}  // namespace taugrid
