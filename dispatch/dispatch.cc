// From the CPU and $SIMDACT_TARGET to a kernel. No SIMD code; of Highway, only the names of its targets.

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "dispatch/code_of.h"
#include "dispatch/cpu.h"
#include "dispatch/numbers.h"
#include "dispatch/registry.h"
#include "hwy/highway.h"
#include "simdact/simdact.h"

namespace simdact {
namespace {

// Highway knows no more than 63 targets; those that there is code for have their place filled, in order of
// quality.
struct TargetList {
  simdact_target targets[63] = {};
  size_t count = 0;
};
constexpr TargetList MakeTargetList() {
  TargetList list;
  for (int bit = 0; bit < 63; ++bit) {
    const int64_t target = int64_t{1} << bit;
    if (CodeOf(target, HWY_TARGETS) != 0) list.targets[list.count++] = {target};
  }
  return list;
}
constexpr TargetList kTargets = MakeTargetList();

// Threads that race to fill one of the caches below store the same value, and what pointers point to is
// constant: relaxed order is enough, and no lock is needed.

// Asking the CPU is slow: once is enough.
bool Runs(int64_t bit) {
  static std::atomic<int64_t> cache{0};
  int64_t supported = cache.load(std::memory_order_relaxed);
  if (supported == 0) {
    supported = DetectTargets();
    cache.store(supported, std::memory_order_relaxed);
  }
  return (supported & bit) != 0;
}

// There is one: what the compiler's flags take for granted is compiled, and runs.
static_assert((HWY_ENABLED_BASELINE & HWY_TARGETS) != 0, "no target is left");
const simdact_target* Best() {
  for (size_t i = 0; i < kTargets.count; ++i) {
    if (Runs(kTargets.targets[i].bit)) return &kTargets.targets[i];
  }
  return nullptr;
}

simdact_choice ReadEnvironment(const simdact_target** target) {
  *target = Best();
  const char* name = std::getenv("SIMDACT_TARGET");
  if (name == nullptr || *name == '\0') return SIMDACT_CHOICE_BEST;
  const simdact_target* wanted = simdact_target_by_name(name);
  if (wanted == nullptr) return SIMDACT_CHOICE_UNKNOWN;
  if (!Runs(wanted->bit)) return SIMDACT_CHOICE_UNSUPPORTED;
  *target = wanted;
  return SIMDACT_CHOICE_FORCED;
}

struct Choice {
  const simdact_target* target;
  simdact_choice how;
};

// The environment is read once, so that all array functions agree whatever becomes of it later. The target is
// stored last: who sees it sees `how` as well.
Choice Choose() {
  static std::atomic<const simdact_target*> cached_target{nullptr};
  static std::atomic<int> cached_how{0};
  Choice choice{cached_target.load(std::memory_order_acquire), SIMDACT_CHOICE_BEST};
  if (choice.target != nullptr) {
    choice.how = static_cast<simdact_choice>(cached_how.load(std::memory_order_relaxed));
    return choice;
  }
  choice.how = ReadEnvironment(&choice.target);
  cached_how.store(choice.how, std::memory_order_relaxed);
  cached_target.store(choice.target, std::memory_order_release);
  return choice;
}

#define SIMDACT_X(Name, name, number, ...) number,
constexpr int kNumbers[] = {SIMDACT_UNARY(SIMDACT_X)};
#undef SIMDACT_X
static_assert(AreNumbered(kNumbers), "activations.def: each number from 0 on belongs to one op");
constexpr auto kPositions = PositionsOf(kNumbers);

// Where an op's row lies: its family's function, and its place there.
struct Place {
  FamilyCode (*code)(int64_t);
  size_t index;
};
Place FindPlace(simdact_op op) {
  const size_t position = kPositions.of[op];
  size_t first = 0;
#define SIMDACT_X(...) +1
#define SIMDACT_F(Family, LIST)                                       \
  if (const size_t size = 0 LIST(SIMDACT_X); position < first + size) \
    return {&Family##Code, position - first};                         \
  else                                                                \
    first += size;
  SIMDACT_FAMILIES(SIMDACT_F)
#undef SIMDACT_F
#undef SIMDACT_X
  return {nullptr, 0};
}

// Whether an op's values need rounding: where they are floats anyway the accurate tier is exact.
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, CLAIMS, TIERS, HALF, ...) \
  SIMDACT_IF_NOT_##HALF(true ||) false,
constexpr bool kIsRounded[] = {SIMDACT_UNARY(SIMDACT_X)};
#undef SIMDACT_X

const simdact_kernel* ExactKernel([[maybe_unused]] int64_t target, [[maybe_unused]] simdact_op op) {
#ifdef SIMDACT_NO_F64  // what it is made of
  return nullptr;
#else
  const simdact_kernel* kernels = ExactCode(target);
  return kernels == nullptr ? nullptr : kernels + op;
#endif
}

// The default target's kernel of each op, dtype and tier, looked up at the first call.
std::atomic<const simdact_kernel*> g_default[SIMDACT_OP_COUNT][SIMDACT_DTYPE_COUNT][SIMDACT_TIER_COUNT];

HWY_NOINLINE const simdact_kernel* FirstDefault(simdact_op op, simdact_dtype dtype, simdact_tier tier) {
  const simdact_kernel* kernel = simdact_find(simdact_target_default(), op, dtype, tier);
  g_default[op][dtype][tier].store(kernel, std::memory_order_relaxed);
  return kernel;
}

HWY_INLINE const simdact_kernel* Default(simdact_op op, simdact_dtype dtype,
                                         simdact_tier tier = SIMDACT_ACCURATE) {
  const simdact_kernel* kernel = g_default[op][dtype][tier].load(std::memory_order_relaxed);
  return HWY_LIKELY(kernel != nullptr) ? kernel : FirstDefault(op, dtype, tier);
}

bool Exists(simdact_op op, simdact_dtype dtype, simdact_tier tier) {
  return static_cast<unsigned>(op) < SIMDACT_OP_COUNT && static_cast<unsigned>(dtype) < SIMDACT_DTYPE_COUNT &&
         static_cast<unsigned>(tier) < SIMDACT_TIER_COUNT;
}

// clang-format off
#define SIMDACT_DEFAULTS_P0 0, {}, {{}}
#define SIMDACT_DEFAULTS_P1(a, da) 1, {#a}, {{da}}
#define SIMDACT_DEFAULTS_P2(a, da, b, db) 2, {#a, #b}, {{da, db}}
#define SIMDACT_DEFAULTS_P4(a, da, b, db, c, dc, d, dd) 4, {#a, #b, #c, #d}, {{da, db, dc, dd}}
#define SIMDACT_FORMULA_Y(formula, claim) formula
#define SIMDACT_FORMULA_NO_Y nullptr
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, CLAIMS, TIERS, HALF, formula, derivative, note) \
  {#name, formula, derivative, SIMDACT_FORMULA_##OUTPUT, note, SIMDACT_DEFAULTS_##PARAMETERS},
constexpr simdact_description kDescriptions[] = {SIMDACT_UNARY(SIMDACT_X)};
#undef SIMDACT_X

// Per op: f32 and f64, forward, backward and from the output.
#define SIMDACT_CLAIM_Y(formula, claim) claim
#define SIMDACT_CLAIM_NO_Y -1.0
#define SIMDACT_CLAIM_C(f, b, f64, b64) {f, b}, {f64, b64}
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, CLAIMS, ...) \
  {{SIMDACT_CLAIM_##CLAIMS}, SIMDACT_CLAIM_##OUTPUT},
struct Claims {
  double from_input[2][2], from_output;
};
constexpr Claims kClaims[] = {SIMDACT_UNARY(SIMDACT_X)};
#undef SIMDACT_X

// Whether the fast tier has kernels of its own.
#define SIMDACT_HAS_FAST true
#define SIMDACT_HAS_COARSE true
#define SIMDACT_HAS_NO_FAST false
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, CLAIMS, TIERS, ...) SIMDACT_HAS_##TIERS,
constexpr bool kHasFast[] = {SIMDACT_UNARY(SIMDACT_X)};
#undef SIMDACT_X
// clang-format on

}  // namespace

const simdact_kernel* AccurateKernel(int64_t target, simdact_op op, simdact_dtype dtype) {
  const Place place = FindPlace(op);
  return &place.code(target).rows[place.index].kernels[SIMDACT_ACCURATE][dtype];
}

}  // namespace simdact

extern "C" {

const char* simdact_status_text(simdact_status status) {
  switch (status) {
    case SIMDACT_OK:
      return "done";
    case SIMDACT_NULL_POINTER:
      return "an array is NULL";
    case SIMDACT_SHORT_STRIDE:
      return "a row stride is smaller than a row";
    case SIMDACT_TOO_LARGE:
      return "rows times columns do not fit in size_t";
    case SIMDACT_OVERLAP:
      return "an output overlaps another array in part";
    case SIMDACT_EMPTY_ROW:
      return "rows have no columns";
    case SIMDACT_BAD_OPTION:
      return "an option is out of its range, or does not go with another";
    case SIMDACT_BAD_LABEL:
      return "a label names no column";
    default:
      return "not a status of simdact";
  }
}

#define SIMDACT_TEXT(number) #number
#define SIMDACT_DOTTED(major, minor, patch) \
  SIMDACT_TEXT(major) "." SIMDACT_TEXT(minor) "." SIMDACT_TEXT(patch)
const char* simdact_version(void) {
  return SIMDACT_DOTTED(SIMDACT_VERSION_MAJOR, SIMDACT_VERSION_MINOR, SIMDACT_VERSION_PATCH);
}

size_t simdact_targets(const simdact_target** list, size_t capacity) {
  if (list == nullptr) capacity = 0;
  for (size_t i = 0; i < simdact::kTargets.count && i < capacity; ++i)
    list[i] = &simdact::kTargets.targets[i];
  return simdact::kTargets.count;
}

const char* simdact_target_name(const simdact_target* target) {
  return target == nullptr ? nullptr : hwy::TargetName(target->bit);
}

int simdact_target_runs(const simdact_target* target) {
  return target != nullptr && simdact::Runs(target->bit);
}

int simdact_target_has_fma(const simdact_target* target) {
  return target != nullptr && simdact::FindPlace(simdact_op{}).code(target->bit).fma;
}

const simdact_target* simdact_target_by_name(const char* name) {
  if (name == nullptr) return nullptr;
  for (size_t i = 0; i < simdact::kTargets.count; ++i) {
    const simdact_target* target = &simdact::kTargets.targets[i];
    if (std::strcmp(simdact_target_name(target), name) == 0) return target;
  }
  return nullptr;
}

const simdact_target* simdact_target_code(const simdact_target* target) {
  if (target == nullptr) return nullptr;
  return simdact_target_by_name(hwy::TargetName(simdact::CodeOf(target->bit, HWY_TARGETS)));
}

const simdact_target* simdact_target_default(void) { return simdact::Choose().target; }

simdact_choice simdact_target_choice(void) { return simdact::Choose().how; }

const simdact_kernel* simdact_find(const simdact_target* target, simdact_op op, simdact_dtype dtype,
                                   simdact_tier tier) {
  if (!simdact_target_runs(target) || !simdact::Exists(op, dtype, tier)) return nullptr;
  if (tier == SIMDACT_EXACT) {
    if (dtype == SIMDACT_F64) return nullptr;
    if (dtype == SIMDACT_F32 && simdact::kIsRounded[simdact::kPositions.of[op]])
      return simdact::ExactKernel(target->bit, op);
    tier = SIMDACT_ACCURATE;
  }
  const simdact::Place place = simdact::FindPlace(op);
  const simdact::Row* rows = place.code(target->bit).rows;
  if (rows == nullptr) return nullptr;
  const auto& kernels = rows[place.index].kernels;
  const simdact_kernel* kernel = &kernels[tier][dtype];
  if (kernel->forward == nullptr) kernel = &kernels[SIMDACT_ACCURATE][dtype];
  return kernel->forward == nullptr ? nullptr : kernel;  // a dtype left out of the build
}

const simdact_kernel* simdact_find_default(simdact_op op, simdact_dtype dtype, simdact_tier tier) {
  return simdact::Exists(op, dtype, tier) ? simdact::Default(op, dtype, tier) : nullptr;
}

const simdact_description* simdact_describe(simdact_op op) {
  return static_cast<unsigned>(op) < SIMDACT_OP_COUNT ? &simdact::kDescriptions[simdact::kPositions.of[op]]
                                                      : nullptr;
}

double simdact_claim(simdact_op op, simdact_dtype dtype, simdact_direction direction, int fma) {
  if (static_cast<unsigned>(op) >= SIMDACT_OP_COUNT || static_cast<unsigned>(dtype) >= SIMDACT_DTYPE_COUNT ||
      static_cast<unsigned>(direction) >= SIMDACT_DIRECTION_COUNT) {
    return -1.0;
  }
  const simdact::Claims& claims = simdact::kClaims[simdact::kPositions.of[op]];
  const bool wide = dtype == SIMDACT_F64;
  const double claim =
      direction == SIMDACT_BACKWARD_FROM_OUTPUT ? claims.from_output : claims.from_input[wide][direction];
  if (claim < 0) return claim;
  if (dtype == SIMDACT_BF16 || dtype == SIMDACT_F16) return 0.5;  // correctly rounded
  const double in_double = 0.51;                                  // and rounded once
  return dtype == SIMDACT_F32 && fma == 0 && claim > in_double ? in_double : claim;
}

double simdact_fast_claim(simdact_op op, simdact_dtype dtype, simdact_direction direction, int fma) {
  const double accurate = simdact_claim(op, dtype, direction, fma);
  const bool has = accurate >= 0 && direction != SIMDACT_BACKWARD_FROM_OUTPUT && dtype != SIMDACT_F64 &&
                   simdact::kHasFast[simdact::kPositions.of[op]];
  if (!has) return accurate;
  return dtype == SIMDACT_F32 ? 4.0 : dtype == SIMDACT_BF16 ? 0.6 : 1.0;
}

#define SIMDACT_ARRAYS(name, IF_Y, T, DTYPE, E, P, PACK)                                            \
  void simdact_##name##_##T(const E* x, E* y, size_t n P) {                                         \
    simdact::Default(SIMDACT_OP_##name, DTYPE)->forward(x, y, n, {PACK});                           \
  }                                                                                                 \
  void simdact_##name##_backward_##T(const E* x, const E* dy, E* dx, size_t n P) {                  \
    simdact::Default(SIMDACT_OP_##name, DTYPE)->backward(x, dy, dx, n, {PACK});                     \
  }                                                                                                 \
  IF_Y(void simdact_##name##_backward_from_output_##T(const E* y, const E* dy, E* dx, size_t n P) { \
    simdact::Default(SIMDACT_OP_##name, DTYPE)->backward_from_output(y, dy, dx, n, {PACK});         \
  })
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, ...)                                    \
  SIMDACT_ARRAYS(name, SIMDACT_IF_##OUTPUT, f32, SIMDACT_F32, float, SIMDACT_FLOATS_##PARAMETERS, \
                 SIMDACT_PACK_FLOATS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, ...)                                      \
  SIMDACT_ARRAYS(name, SIMDACT_IF_##OUTPUT, f64, SIMDACT_F64, double, SIMDACT_DOUBLES_##PARAMETERS, \
                 SIMDACT_PACK_DOUBLES_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, ...)                                         \
  SIMDACT_ARRAYS(name, SIMDACT_IF_##OUTPUT, bf16, SIMDACT_BF16, uint16_t, SIMDACT_FLOATS_##PARAMETERS, \
                 SIMDACT_PACK_FLOATS_##PARAMETERS)                                                     \
  SIMDACT_ARRAYS(name, SIMDACT_IF_##OUTPUT, f16, SIMDACT_F16, uint16_t, SIMDACT_FLOATS_##PARAMETERS,   \
                 SIMDACT_PACK_FLOATS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#endif

}  // extern "C"
