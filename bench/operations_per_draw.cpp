// Counts the operations of one draw of the eight schools by running it over a lane set that counts:
// the first of the two numbers of docs/performance.md. A division or a root counts as one here;
// what a GPU makes of it is that document's matter. Products of two sigmas, which lanes share, are
// not counted. Build the target taugrid_operations; nothing else needs it.
#include <array>
#include <cstdio>

#include "bench/bench_data.h"
#include "host/taugrid/engine.h"
#include "kernels/math/draw.h"

namespace taugrid {
namespace {

// Of reals, but for the logic (shifts and sums included) of 32 and of 64 bits, and Philox's
// products.
enum Operation {
  kAdd,
  kMultiply,
  kFma,
  kDivide,
  kRoot,
  kCompare,
  kSelect,
  kConvert,
  kLogic32,
  kLogic64,
  kWideProduct,
  kLoad,
  kStore,
  kOperations
};
const char* const kHeadings =
    "+ - | x | fma | / | root | compare | select | from integer | logic 32 | logic 64 | "
    "wide product | load | store";

std::array<int, kOperations> counts;

template <class X>
X counted(Operation operation, X x) {
  ++counts[operation];
  return x;
}

struct Flag {
  bool m;
};

// An unsigned integer, and a real, whose operators count.
template <class U>
struct Integer {
  static constexpr Operation kLogic = sizeof(U) == 4 ? kLogic32 : kLogic64;
  U u;
  Integer() = default;
  Integer(U value) : u(value) {}
  friend Integer operator+(Integer a, Integer b) { return counted(kLogic, Integer(a.u + b.u)); }
  friend Integer operator-(Integer a, Integer b) { return counted(kLogic, Integer(a.u - b.u)); }
  friend Integer operator&(Integer a, Integer b) { return counted(kLogic, Integer(a.u & b.u)); }
  friend Integer operator|(Integer a, Integer b) { return counted(kLogic, Integer(a.u | b.u)); }
  friend Integer operator^(Integer a, Integer b) { return counted(kLogic, Integer(a.u ^ b.u)); }
  friend Integer operator~(Integer a) { return counted(kLogic, Integer(~a.u)); }
  friend Integer operator<<(Integer a, int n) { return counted(kLogic, Integer(a.u << n)); }
  friend Integer operator>>(Integer a, int n) { return counted(kLogic, Integer(a.u >> n)); }
  friend Flag operator==(Integer a, Integer b) { return counted(kLogic, Flag{a.u == b.u}); }
  friend Flag operator!=(Integer a, Integer b) { return counted(kLogic, Flag{a.u != b.u}); }
  friend Flag operator>(Integer a, Integer b) { return counted(kLogic, Flag{a.u > b.u}); }
};

template <class T>
struct Number {
  T x;
  Number() = default;
  Number(T value) : x(value) {}
  friend Number operator+(Number a, Number b) { return counted(kAdd, Number(a.x + b.x)); }
  friend Number operator-(Number a, Number b) { return counted(kAdd, Number(a.x - b.x)); }
  friend Number operator*(Number a, Number b) { return counted(kMultiply, Number(a.x * b.x)); }
  friend Number operator/(Number a, Number b) { return counted(kDivide, Number(a.x / b.x)); }
  friend Number operator-(Number a) {
    return Number(-a.x);
  }  // a modifier of the operand, no operation
  friend Flag operator<(Number a, Number b) { return counted(kCompare, Flag{a.x < b.x}); }
  friend Flag operator>(Number a, Number b) { return counted(kCompare, Flag{a.x > b.x}); }
  friend Flag operator<=(Number a, Number b) { return counted(kCompare, Flag{a.x <= b.x}); }
  friend Flag operator>=(Number a, Number b) { return counted(kCompare, Flag{a.x >= b.x}); }
};

// The lane set: lanes.h's Scalar, counted.
template <class T>
struct Counted {
  using Plain = Scalar<T>;
  static constexpr int N = 1;
  using Element = T;
  using Real = Number<T>;
  using Bits = Integer<typename Plain::Bits>;
  using Word = Integer<uint32_t>;
  using Mask = Flag;

  static Real splat(T x) { return x; }
  static Bits splat_bits(typename Plain::Bits u) { return u; }
  static Bits bits(Real a) { return bits_of(a.x); }
  static Real real(Bits b) { return real_of(b.u); }
  static Real fma(Real a, Real b, Real c) { return counted(kFma, Real(Plain::fma(a.x, b.x, c.x))); }
  static Real sqrt(Real a) { return counted(kRoot, Real(Plain::sqrt(a.x))); }
  static Real select(Mask m, Real a, Real b) { return counted(kSelect, m.m ? a : b); }
  static Bits select_bits(Mask m, Bits a, Bits b) { return counted(kSelect, m.m ? a : b); }
  static Mask both(Mask a, Mask b) { return {a.m && b.m}; }
  static Mask either(Mask a, Mask b) { return {a.m || b.m}; }
  static bool any(Mask m) { return m.m; }
  static Real load(const T* p) { return counted(kLoad, Real(*p)); }
  static void store(T* p, Real a) { *p = counted(kStore, a.x); }
  static Real gather(const T* p, Bits i) { return counted(kLoad, Real(p[i.u])); }
  static Word word(uint32_t w) { return w; }
  static void counter(uint64_t first, Word& low, Word& high) {
    low = static_cast<uint32_t>(first);
    high = static_cast<uint32_t>(first >> 32);
  }
  static void mulhilo(Word a, uint32_t m, Word& high, Word& low) {
    const uint64_t product = counted(kWideProduct, static_cast<uint64_t>(a.u) * m);
    high = static_cast<uint32_t>(product >> 32);
    low = static_cast<uint32_t>(product);
  }
  static Bits wide(Word w) { return static_cast<typename Plain::Bits>(w.u); }
  static Real from_signed(Word w) { return counted(kConvert, Real(Plain::from_signed(w.u))); }
};

template <class T, class F, class... X>
Number<T> in_double(Counted<T>, const F& f, X... x) {
  return static_cast<T>(f(Counted<double>{}, Number<double>(x.x)...).x);
}

template <class F>
void row(const char* name, const F& f) {
  counts = {};
  f();
  std::printf("| %s |", name);
  for (const int n : counts) std::printf(" %d |", n);
  std::printf("\n");
}

template <class T>
void table(const char* precision) {
  using L = Counted<T>;
  using Real = typename L::Real;
  const Engine engine(make_model(eight_schools(), "uniform", "flat"), "cpu", 1);
  const DrawModelOf<T> model = engine.draw_model<T>();
  const StreamPosition at{1, 0, Purpose::kPosteriorDraw};
  std::array<T, 16> columns;
  std::printf("\n%s (the sampling table: %lld cells, %d levels below the first)\n\n| | %s |\n|---|",
              precision, static_cast<long long>(model.table.n_cells), model.table.depth, kHeadings);
  for (int i = 0; i < kOperations; ++i) std::printf("---|");
  std::printf("\n");
  Block<L> block{};
  TailUniform<L> u{};
  Real x{};
  row("Philox block", [&] { block = draw_block<L>(at, 0, 0); });
  row("pair of normals of a block's words", [&] { box_muller<L>(block); });
  row("uniform of tau", [&] { u = tail_uniform<L>(block, 0); });
  row("lookup of log tau", [&] { x = inverse_cdf<L>(model.table, u); });
  row("exp", [&] { x = exp<L>(x); });
  row("mu_hat and v_mu, J = 8", [&] { given_tau<L>(model.problem, x * x); });
  row("draw, J = 8", [&] { draw<L, false>(model, at, 0, columns.data(), 1); });
  row("draw with lp, J = 8", [&] { draw<L, true>(model, at, 0, columns.data(), 1); });
}

}  // namespace
}  // namespace taugrid

int main() {
  taugrid::table<double>("Double precision");
  taugrid::table<float>("Single precision");
}
