# How this project's own code is compiled.

# Each rounding is written down in the source, so the compiler must not fuse a multiplication and an addition.
set(SIMDACT_ARITHMETIC_OPTIONS
  $<$<COMPILE_LANG_AND_ID:CXX,GNU,Clang,AppleClang>:-ffp-contract=off>)

# Highway's names and bits. The baselines, SSE2 and NEON_WITHOUT_AES, are not here: without them Highway
# would fall back to scalar code.
set(targets
  AVX10_2=3 AVX3_SPR=4 AVX3_ZEN4=6 AVX3_DL=7 AVX3=8 AVX2=9 SSE4=11 SSSE3=12
  SVE2_128=18 SVE_256=19 SVE2=23 SVE=24 NEON_BF16=26 NEON=28)

# The mask of SIMDACT_DISABLED_TARGETS, which is a name's bit for each name.
set(mask 0)
foreach(name IN LISTS SIMDACT_DISABLED_TARGETS)
  set(bits ${targets})
  list(FILTER bits INCLUDE REGEX "^${name}=")
  if(NOT bits)
    list(TRANSFORM targets REPLACE "=.*" "" OUTPUT_VARIABLE valid)
    list(JOIN valid " " valid)
    message(FATAL_ERROR "SIMDACT_DISABLED_TARGETS: no target '${name}' to disable; valid: ${valid}")
  endif()
  string(REGEX REPLACE ".*=" "" bit "${bits}")
  math(EXPR mask "${mask} | (1 << ${bit})" OUTPUT_FORMAT HEXADECIMAL)
endforeach()

# Every source that compiles kernels, or asks which are compiled in, must be told the same.
set(SIMDACT_TARGET_DEFINITIONS HWY_DISABLED_TARGETS=${mask})

# For a program of this project: the standard, the warnings, and includes from the repository's root.
function(simdact_compile_program target)
  target_compile_features(${target} PRIVATE cxx_std_17)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4)
  else()
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion)
    # g++ remarks on how vectors were passed before version 4.6; ours are passed inline only.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-psabi>)
  endif()
endfunction()

# For what holds Highway code: the above, and the one way to do arithmetic.
function(simdact_compile_kernels target)
  simdact_compile_program(${target})
  target_compile_definitions(${target} PRIVATE ${SIMDACT_TARGET_DEFINITIONS})
  target_compile_options(${target} PRIVATE
    $<$<AND:$<CONFIG:Release,RelWithDebInfo>,$<NOT:$<CXX_COMPILER_ID:MSVC>>>:-O3>)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/kernels")
  target_compile_options(${target} PRIVATE ${SIMDACT_ARITHMETIC_OPTIONS})
  target_link_libraries(${target} PRIVATE hwy::hwy)
endfunction()
