/* simdact: activation functions and their gradients, vectorized, with proven error bounds.
 *
 * C99 API. Needs nothing but this header and activations.def; compiles as C and C++.
 *
 *   float x[3] = {-1, 0, 1}, y[3];
 *   simdact_gelu_f32(x, y, 3);
 *
 * Arrays: any alignment, any n >= 0. y may be x (dx may be x or dy); partial overlap is an error that
 * debug builds catch. Nothing outside the n elements is read or written. Functions never fail, allocate,
 * lock, throw or print; they are thread-safe from the first call. The same input gives the same bits
 * whatever its place, its alignment or n, on one target and tier; of a NaN, whose sign may be any, NaN.
 *
 * Numbers: NaN gives NaN, +-inf gives the limit, tails reach down to the denormals. Bounds in ulps are in
 * activations.def (`simdact list` prints them). Round-to-nearest is assumed; the floating-point
 * environment is left alone. Under flush-to-zero and denormals-are-zero normal results of normal inputs keep
 * their bounds: what is denormal, or within its bound of it, may become anything from 0 to the least normal
 * number, dx also where f' is denormal. f16 loses nothing.
 *
 * NULL: an array may be NULL if it has no elements. What is looked up is NULL where it does not exist, and to
 * ask something of a NULL target, name or state is no error: it has no name, does not run, has no kernels.
 *
 * Stability: a program that was compiled for one version works with the libraries of later ones, as long as
 * their sonames are the same (0.x: up to the next minor version; from 1.0 on: up to the next major one).
 *
 *   - Functions and enumerators stay. A number that was published is never changed or given to another; what
 *     is new takes the next one that is free, wherever it stands in a list. A ..._COUNT is what the header
 *     knew.
 *   - Structs that a program fills (options, states, quantizations, parameters) keep their size. Those that
 *     may get more members have room for them, `reserved`, which is 0 until then: a library that is asked for
 *     what it does not know yet answers SIMDACT_BAD_OPTION. The others never change: an op with more than
 *     SIMDACT_MAX_PARAMETERS parameters will have functions and a kernel type of its own.
 *   - Structs that the library fills (kernels, descriptions) may grow at the end. Use them where they lie; do
 *     not copy or count them.
 *   - The macros of this header and the columns of the lists may change with any version.
 *
 * Macros of a program's own do no harm here: names of ops and parameters are pasted, not expanded, and what
 * prototypes call their arguments ends in _. (But a member of a struct, or in C++ simdact::step, cannot be
 * used by a program that has a macro of that name.) */
#ifndef SIMDACT_SIMDACT_H_
#define SIMDACT_SIMDACT_H_

#include <stddef.h>
#include <stdint.h>

#include "simdact/activations.def"

#define SIMDACT_VERSION_MAJOR 0
#define SIMDACT_VERSION_MINOR 1
#define SIMDACT_VERSION_PATCH 0

#if defined(SIMDACT_STATIC)
#define SIMDACT_API
#elif defined(_WIN32) && defined(SIMDACT_BUILD)
#define SIMDACT_API __declspec(dllexport)
#elif defined(_WIN32)
#define SIMDACT_API __declspec(dllimport)
#else
#define SIMDACT_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What the functions of the other shapes (rows, gates, biases, tables) return. Unless it is SIMDACT_OK
 * nothing has been read or written. */
typedef enum simdact_status {
  SIMDACT_OK = 0,
  SIMDACT_NULL_POINTER = 1, /* an array is NULL, and not empty */
  SIMDACT_SHORT_STRIDE = 2, /* a row stride is smaller than a row */
  SIMDACT_TOO_LARGE = 3,    /* rows x columns in bytes do not fit in size_t */
  SIMDACT_OVERLAP = 4,      /* an output overlaps an input or output in part */
  SIMDACT_EMPTY_ROW = 5,    /* rows of no columns, for a function that has no value there */
  SIMDACT_BAD_OPTION = 6,   /* an option is out of its range or not known, or does not go with another */
  SIMDACT_BAD_LABEL = 7,    /* a label names no column, and is not to be ignored */
  SIMDACT_STATUS_COUNT
} simdact_status;

/* A line of text on a status, for messages; never NULL. */
SIMDACT_API const char* simdact_status_text(simdact_status status_);

/* ---- 1. Arrays: the target is chosen once, from the CPU and $SIMDACT_TARGET ----------------------------
 *
 *   void simdact_<op>_<T>(const E* x, E* y, size_t n [, P parameter...]);
 *        y[i] = f(x[i])
 *   void simdact_<op>_backward_<T>(const E* x, const E* dy, E* dx, size_t n [, P...]);
 *        dx[i] = dy[i] f'(x[i])
 *   void simdact_<op>_backward_from_output_<T>(const E* y, const E* dy, E* dx, size_t n [, P...]);
 *        the same from y[i] = f(x[i]), for ops whose derivative follows from it
 *
 *   T      f32     f64      bf16       f16
 *   E      float   double   uint16_t   uint16_t   (16-bit types are their bits)
 *   P      float   double   float      float
 * for each op of activations.def, where formula, derivative, parameters (PyTorch's order and names) and the
 * source of the definition stand. Parameters may be any numbers: NaN gives NaN, infinity and zero the limit
 * that the formula has there (dispatch/README.md). bf16 and f16 results are correctly rounded. A library
 * built without f64 (SIMDACT_NO_F64) or the 16-bit types (SIMDACT_NO_HALF) lacks those functions. */
#define SIMDACT_ARRAYS(_name, IF_Y, T, E, P)                                                         \
  SIMDACT_API void simdact##_name##_##T(const E* x_, E* y_, size_t n_ P);                            \
  SIMDACT_API void simdact##_name##_backward_##T(const E* x_, const E* dy_, E* dx_, size_t n_ P);    \
  IF_Y(SIMDACT_API void simdact##_name##_backward_from_output_##T(const E* y_, const E* dy_, E* dx_, \
                                                                  size_t n_ P);)
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, ...) \
  SIMDACT_ARRAYS(_##name, SIMDACT_IF_##OUTPUT, f32, float, SIMDACT_FLOATS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, ...) \
  SIMDACT_ARRAYS(_##name, SIMDACT_IF_##OUTPUT, f64, double, SIMDACT_DOUBLES_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, ...)                              \
  SIMDACT_ARRAYS(_##name, SIMDACT_IF_##OUTPUT, bf16, uint16_t, SIMDACT_FLOATS_##PARAMETERS) \
  SIMDACT_ARRAYS(_##name, SIMDACT_IF_##OUTPUT, f16, uint16_t, SIMDACT_FLOATS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#endif
#undef SIMDACT_ARRAYS

/* ---- 2. A kernel as a value: find it once, call it many times ------------------------------------------
 *
 *   const simdact_target* avx2 = simdact_target_by_name("AVX2");
 *   const simdact_kernel* gelu = simdact_find(avx2, SIMDACT_OP_gelu, SIMDACT_F32, SIMDACT_ACCURATE);
 *   if (gelu) gelu->forward(x, y, n, simdact_describe(SIMDACT_OP_gelu)->defaults);
 */
typedef enum simdact_op {
#define SIMDACT_X(Name, name, number, ...) SIMDACT_OP_##name = number,
  SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#define SIMDACT_X(...) +1
      SIMDACT_OP_COUNT = SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
} simdact_op;

typedef enum simdact_dtype {
  SIMDACT_F32 = 0,
  SIMDACT_F64 = 1,
  SIMDACT_BF16 = 2, /* bfloat16: 8 bits of exponent, 8 of significand */
  SIMDACT_F16 = 3,  /* IEEE binary16: 5 and 11 */
  SIMDACT_DTYPE_COUNT
} simdact_dtype;

/* accurate: the claims of the lists. fast: normal results within 4 ulp in f32, 0.6 in bf16, 1.0 in f16, and
 * derivatives, where they cross zero, within 2^-22 of their largest term; special values as in accurate;
 * denormal results may be anything from 0 to the least normal number, dx also where f' is denormal. It exists
 * from the input where it is at least 1.2 times faster; elsewhere, in f64 and from the output fast means
 * accurate.
 *
 * exact: correctly rounded, ties to even, so the same bits on every CPU; at any parameters, but for the last
 * bit where terms of xielu or swish' cancel below 2^-70 of themselves. dx is dy f' rounded once. f32; bf16
 * and f16 are exact in the accurate tier, which stands for it; none in f64, nor in builds without f64, nor of
 * the other shapes (gates, softmax, bias forms, cross-entropy). */
typedef enum simdact_tier {
  SIMDACT_ACCURATE = 0,
  SIMDACT_FAST = 1,
  SIMDACT_EXACT = 2,
  SIMDACT_TIER_COUNT
} simdact_tier;

/* f; f' from the input; f' from the output. */
typedef enum simdact_direction {
  SIMDACT_FORWARD = 0,
  SIMDACT_BACKWARD = 1,
  SIMDACT_BACKWARD_FROM_OUTPUT = 2,
  SIMDACT_DIRECTION_COUNT
} simdact_direction;

/* Parameters in the order of activations.def; the rest is ignored. All dtypes but f64 round them to float. By
 * value, for through a pointer a kernel would load them again at each step. There is room for what the
 * largest op has and no more, for each call pays for it: eight cost 0.26 ns, 6 % of relu of one element. */
enum { SIMDACT_MAX_PARAMETERS = 4 };
typedef struct simdact_params {
  double value[SIMDACT_MAX_PARAMETERS];
} simdact_params;

/* x, y, dy, dx point to n elements of the kernel's dtype. All functions keep the rules at the top. */
typedef struct simdact_kernel {
  void (*forward)(const void* x_, void* y_, size_t n_, simdact_params p_);
  void (*backward)(const void* x_, const void* dy_, void* dx_, size_t n_, simdact_params p_);
  /* NULL where the derivative does not follow from the output */
  void (*backward_from_output)(const void* y_, const void* dy_, void* dx_, size_t n_, simdact_params p_);
} simdact_kernel;

/* The version of the library that runs, "0.1.0", which may be later than this header's. */
SIMDACT_API const char* simdact_version(void);

/* One instruction set that the library holds code for. */
typedef struct simdact_target simdact_target;

/* Writes the first `capacity` compiled-in targets, best first, to `list`, unless that is NULL. Returns how
 * many there are. */
SIMDACT_API size_t simdact_targets(const simdact_target** list_, size_t capacity_);

/* The name of a target, as Highway spells it: "AVX3_ZEN4", "AVX2", "SSE4", "NEON"...; NULL for NULL. */
SIMDACT_API const char* simdact_target_name(const simdact_target* target_);

/* 1 if this CPU runs the target, else 0. */
SIMDACT_API int simdact_target_runs(const simdact_target* target_);

/* 1 if the target has fused multiply-add, which decides which claims hold, else 0. */
SIMDACT_API int simdact_target_has_fma(const simdact_target* target_);

/* The target whose code this one runs: itself, or another that has the same instructions for all that is done
 * here, so that it was not compiled again (AVX3_DL and AVX3_SPR run AVX3's, but in the tables). NULL for
 * NULL. */
SIMDACT_API const simdact_target* simdact_target_code(const simdact_target* target_);

/* The compiled-in target of that name, or NULL. It need not run on this CPU. */
SIMDACT_API const simdact_target* simdact_target_by_name(const char* name_);

/* The target of the array functions: $SIMDACT_TARGET if it names one that runs, else the best that runs.
 * Decided once, at the first call of an array function or of this one. */
SIMDACT_API const simdact_target* simdact_target_default(void);

/* Whether $SIMDACT_TARGET could be honoured. */
typedef enum simdact_choice {
  SIMDACT_CHOICE_BEST = 0,       /* not set: the best target */
  SIMDACT_CHOICE_FORCED = 1,     /* set, and in use */
  SIMDACT_CHOICE_UNKNOWN = 2,    /* names no compiled-in target: the best is used instead */
  SIMDACT_CHOICE_UNSUPPORTED = 3 /* names a target this CPU lacks: the best is used instead */
} simdact_choice;
SIMDACT_API simdact_choice simdact_target_choice(void);

/* Element-wise functions write outputs of at least so many bytes past the caches, unless they are computed in
 * place: 3/8 of the last-level cache that the running core shares, at most 32 MiB; or $SIMDACT_STREAM_BYTES,
 * a decimal number of at least 16384. 0: never. Decided once, at the first call that asks. The bits are the
 * same either way. */
SIMDACT_API size_t simdact_stream_bytes(void);
/* Whether $SIMDACT_STREAM_BYTES could be honoured: BEST if it is not set, UNKNOWN if it is not a number. */
SIMDACT_API simdact_choice simdact_stream_choice(void);

/* The kernel, or NULL if the op, dtype or tier does not exist or the CPU does not run the target. Valid
 * forever. */
SIMDACT_API const simdact_kernel* simdact_find(const simdact_target* target_, simdact_op op_,
                                               simdact_dtype dtype_, simdact_tier tier_);

/* The same of the default target, kept from the first call on: a few nanoseconds. This is what the array
 * functions call, with SIMDACT_ACCURATE. */
SIMDACT_API const simdact_kernel* simdact_find_default(simdact_op op_, simdact_dtype dtype_,
                                                       simdact_tier tier_);

/* What activations.def says about an op. */
typedef struct simdact_description {
  const char* name;
  const char* formula;
  const char* derivative;
  const char* derivative_from_output; /* NULL where there is none */
  const char* note;
  int parameters; /* how many */
  const char* parameter_names[SIMDACT_MAX_PARAMETERS];
  simdact_params defaults;
} simdact_description;

/* The description of an op, or NULL if there is no such op. */
SIMDACT_API const simdact_description* simdact_describe(simdact_op op_);

/* The largest error in ulps that the accurate tier may have at the default parameters, dy = 1; 0.5 is correct
 * rounding. fma: whether the target has fused multiply-add. Negative if op, dtype or direction does not
 * exist. */
SIMDACT_API double simdact_claim(simdact_op op_, simdact_dtype dtype_, simdact_direction direction_,
                                 int fma_);

/* The same of the fast tier, for results that are normal. */
SIMDACT_API double simdact_fast_claim(simdact_op op_, simdact_dtype dtype_, simdact_direction direction_,
                                      int fma_);

#ifdef __cplusplus
}
#endif

/* The other shapes: what is around an activation in a network. */
#include "simdact/bias.h"
#include "simdact/cross_entropy.h"
#include "simdact/gates.h"
#include "simdact/quantize.h"
#include "simdact/softmax.h"
#include "simdact/table.h"

#endif /* SIMDACT_SIMDACT_H_ */
