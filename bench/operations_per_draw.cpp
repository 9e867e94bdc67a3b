// Counts the operations of one draw of the eight schools by running it over a lane set that counts:
// the first of the two numbers of docs/performance.md. A division or a root counts as one here;
// what a GPU makes of it is that document's matter. Build the target taugrid_operations; nothing
// else needs it.
#include <array>
#include <cstdio>
#include <memory>
#include <vector>

#include "bench/bench_data.h"
#include "host/taugrid/engine.h"
#include "kernels/math/draw.h"

namespace taugrid {
namespace {

struct Counts {
  int add, multiply, fma, divide, root;  // of reals
  int compare, select;                   // of reals
  int bits;                              // logic, shift or sum of 64 bits
  int wide_product, xor_words;           // Philox
  int load, store;                       // reals
  Counts operator-(const Counts& o) const {
    return {add - o.add,
            multiply - o.multiply,
            fma - o.fma,
            divide - o.divide,
            root - o.root,
            compare - o.compare,
            select - o.select,
            bits - o.bits,
            wide_product - o.wide_product,
            xor_words - o.xor_words,
            load - o.load,
            store - o.store};
  }
};

Counts counts;

// One double lane whose operators count.
struct Counted {
  static constexpr int N = 1;
  using Element = double;

  struct Mask {
    bool m;
  };
  struct Real {
    double x;
    Real() = default;
    Real(double value) : x(value) {}
    friend Real operator+(Real a, Real b) { return ++counts.add, a.x + b.x; }
    friend Real operator-(Real a, Real b) { return ++counts.add, a.x - b.x; }
    friend Real operator*(Real a, Real b) { return ++counts.multiply, a.x * b.x; }
    friend Real operator/(Real a, Real b) { return ++counts.divide, a.x / b.x; }
    friend Real operator-(Real a) { return -a.x; }  // a modifier of the operand, not an operation
    friend Mask operator<(Real a, Real b) { return ++counts.compare, Mask{a.x < b.x}; }
    friend Mask operator>(Real a, Real b) { return ++counts.compare, Mask{a.x > b.x}; }
    friend Mask operator<=(Real a, Real b) { return ++counts.compare, Mask{a.x <= b.x}; }
    friend Mask operator>=(Real a, Real b) { return ++counts.compare, Mask{a.x >= b.x}; }
  };
  struct Bits {
    uint64_t u;
    Bits() = default;
    Bits(uint64_t value) : u(value) {}
    friend Bits operator+(Bits a, Bits b) { return ++counts.bits, a.u + b.u; }
    friend Bits operator-(Bits a, Bits b) { return ++counts.bits, a.u - b.u; }
    friend Bits operator&(Bits a, Bits b) { return ++counts.bits, a.u & b.u; }
    friend Bits operator|(Bits a, Bits b) { return ++counts.bits, a.u | b.u; }
    friend Bits operator^(Bits a, Bits b) { return ++counts.bits, a.u ^ b.u; }
    friend Bits operator<<(Bits a, int n) { return ++counts.bits, a.u << n; }
    friend Bits operator>>(Bits a, int n) { return ++counts.bits, a.u >> n; }
    friend Mask operator!=(Bits a, Bits b) { return ++counts.bits, Mask{a.u != b.u}; }
  };
  struct Word {
    uint32_t w;
    friend Word operator^(Word a, Word b) { return ++counts.xor_words, Word{a.w ^ b.w}; }
  };

  static Real splat(double x) { return x; }
  static Bits splat_bits(uint64_t u) { return u; }
  static Bits bits(Real x) { return bits_of(x.x); }
  static Real real(Bits b) { return real_of(b.u); }
  static Real fma(Real a, Real b, Real c) { return ++counts.fma, __builtin_fma(a.x, b.x, c.x); }
  static Real sqrt(Real a) { return ++counts.root, __builtin_sqrt(a.x); }
  static Real select(Mask m, Real a, Real b) { return ++counts.select, m.m ? a : b; }
  static Bits select_bits(Mask m, Bits a, Bits b) { return ++counts.select, m.m ? a : b; }
  static Mask both(Mask a, Mask b) { return {a.m && b.m}; }
  static Mask either(Mask a, Mask b) { return {a.m || b.m}; }
  static bool any(Mask m) { return m.m; }
  static Real load(const double* p) { return ++counts.load, *p; }
  static void store(double* p, Real x) { ++counts.store, *p = x.x; }
  static Real gather(const double* p, Bits i) { return ++counts.load, p[i.u]; }
  static Word word(uint32_t w) { return {w}; }
  static void counter(uint64_t first, Word& low, Word& high) {
    low = {static_cast<uint32_t>(first)};
    high = {static_cast<uint32_t>(first >> 32)};
  }
  static void mulhilo(Word a, uint32_t m, Word& high, Word& low) {
    ++counts.wide_product;
    const uint64_t product = static_cast<uint64_t>(a.w) * m;
    high = {static_cast<uint32_t>(product >> 32)};
    low = {static_cast<uint32_t>(product)};
  }
  static Bits wide(Word w) { return w.w; }
};

// A lane is double already; draw.h finds this by its argument.
template <class F, class... X>
Counted::Real in_double(Counted lanes, const F& f, X... x) {
  return f(lanes, x...);
}

template <class F>
void row(const char* name, const F& f) {
  const Counts before = counts;
  f();
  const Counts c = counts - before;
  std::printf("| %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d |\n", name, c.add,
              c.multiply, c.fma, c.divide, c.root, c.compare, c.select, c.bits, c.wide_product,
              c.xor_words, c.load, c.store);
}

void count() {
  using L = Counted;
  using Real = L::Real;
  const Engine engine(make_model(eight_schools(), "uniform", "flat"), "cpu", 1);
  const DrawModel model = engine.draw_model();
  const StreamPosition at{1, 0, Purpose::kPosteriorDraw};
  std::array<double, 16> columns;
  std::printf(
      "| | + - | x | fma | / | root | compare | select | 64-bit logic | wide product | xor | load "
      "| store |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  Block<L> block{};
  Real u{}, x{}, sine, cosine;
  row("Philox block", [&] { block = draw_block<L>(at, 0, 0); });
  row("uniform_53", [&] { u = uniform_53<L>(block.w[0], block.w[1]); });
  row("log_unit", [&] { log_unit<L>(u); });
  row("sincos_2pi", [&] { sincos_2pi<L>(u, sine, cosine); });
  row("Box-Muller pair, all but its Philox block", [&] { box_muller<L>(block); });
  row("inverse_cdf", [&] { x = inverse_cdf<L>(model.table, u); });
  row("exp", [&] { exp<L>(x); });
  row("given_tau, J = 8", [&] { given_tau<L>(model.problem, x * x); });
  row("draw, J = 8", [&] { draw<L, false>(model, at, 0, columns.data(), 1); });
  row("draw with lp, J = 8", [&] { draw<L, true>(model, at, 0, columns.data(), 1); });
}

}  // namespace
}  // namespace taugrid

int main() { taugrid::count(); }
