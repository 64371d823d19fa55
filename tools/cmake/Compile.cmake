# How this project's own code is compiled.

# Each rounding is written down in the source, so the compiler must not fuse a multiplication and an addition.
set(SIMDACT_ARITHMETIC_OPTIONS
  $<$<COMPILE_LANG_AND_ID:CXX,GNU,Clang,AppleClang>:-ffp-contract=off>)

# Highway's names and bits. The baselines, SSE2, NEON_WITHOUT_AES and Z14, are not here: without them Highway
# would fall back to scalar code.
set(targets
  AVX10_2=3 AVX3_SPR=4 AVX3_ZEN4=6 AVX3_DL=7 AVX3=8 AVX2=9 SSE4=11 SSSE3=12
  SVE2_128=18 SVE_256=19 SVE2=23 SVE=24 NEON_BF16=26 NEON=28 Z15=50)

# The mask of SIMDACT_DISABLED_TARGETS, which is a name's bit for each name. Two more: where AVX3 is compiled, only what
# divides is compiled for AVX3_ZEN4 as well, and only the tables for AVX3_DL (dispatch/code_of.h).
set(mask 0)
set(table_mask 0)
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
  if(NOT name STREQUAL AVX3_DL OR "AVX3" IN_LIST SIMDACT_DISABLED_TARGETS)
    math(EXPR table_mask "${table_mask} | (1 << ${bit})" OUTPUT_FORMAT HEXADECIMAL)
  endif()
endforeach()
set(plain_mask ${mask})
if(NOT "AVX3" IN_LIST SIMDACT_DISABLED_TARGETS)
  foreach(of plain_mask table_mask)
    math(EXPR ${of} "${${of}} | (1 << 6)" OUTPUT_FORMAT HEXADECIMAL)  # AVX3_ZEN4
  endforeach()
endif()

# Every source that compiles kernels, or asks which are compiled in, must be told the same.
set(SIMDACT_TARGET_DEFINITIONS HWY_DISABLED_TARGETS=${mask}
  SIMDACT_PLAIN_DISABLED_TARGETS=${plain_mask} SIMDACT_TABLE_DISABLED_TARGETS=${table_mask})

# SIMDACT_DTYPES as definitions. They concern whoever includes simdact.h, too: what was left out is not there.
foreach(dtype IN LISTS SIMDACT_DTYPES)
  if(NOT dtype MATCHES "^(f32|f64|bf16|f16)$")
    message(FATAL_ERROR "SIMDACT_DTYPES: no dtype '${dtype}'; valid: f32 f64 bf16 f16")
  endif()
endforeach()
set(SIMDACT_DTYPE_DEFINITIONS "")
if(NOT "f64" IN_LIST SIMDACT_DTYPES)
  list(APPEND SIMDACT_DTYPE_DEFINITIONS SIMDACT_NO_F64)
endif()
if(NOT "bf16" IN_LIST SIMDACT_DTYPES AND NOT "f16" IN_LIST SIMDACT_DTYPES)
  list(APPEND SIMDACT_DTYPE_DEFINITIONS SIMDACT_NO_HALF)
elseif(NOT "bf16" IN_LIST SIMDACT_DTYPES OR NOT "f16" IN_LIST SIMDACT_DTYPES)
  message(FATAL_ERROR "SIMDACT_DTYPES: bf16 and f16 come together; take both or none")
elseif(NOT "f64" IN_LIST SIMDACT_DTYPES)
  message(FATAL_ERROR "SIMDACT_DTYPES: bf16 and f16 need f64, in which their doubtful roundings are settled; "
    "take f64 too, or leave out all three")
endif()

# What a pointer points to the address sanitizer knows. Asked once more at each load and step it is a quarter of the time
# that kernels and tests take to compile; so only the sources that take a user's pointers ask twice.
set(SIMDACT_WITHOUT_POINTER_CHECKS "")
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=[a-z,]*undefined")
  set(SIMDACT_WITHOUT_POINTER_CHECKS
    -fno-sanitize=null,object-size,vptr,pointer-overflow,nonnull-attribute,returns-nonnull-attribute)
endif()

# For a program of this project: the standard, the warnings, and includes from the repository's root.
function(simdact_compile_program target)
  target_compile_features(${target} PRIVATE cxx_std_17)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4)
  else()
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion)
    # g++ remarks on how vectors were passed before version 4.6; ours stay within an object.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-psabi>)
    # The sanitizer's check of an address as a call, where g++ would write it out: half the time to compile kernels.
    if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=[a-z,]*address")
      target_compile_options(${target} PRIVATE
        $<$<COMPILE_LANG_AND_ID:CXX,GNU>:--param=asan-instrumentation-with-call-threshold=0>)
    endif()
  endif()
endfunction()

# For what holds Highway code: the above, and the one way to do arithmetic.
function(simdact_compile_kernels target)
  simdact_compile_program(${target})
  target_compile_definitions(${target} PRIVATE ${SIMDACT_TARGET_DEFINITIONS} ${SIMDACT_DTYPE_DEFINITIONS})
  # The loops of long formulas are written out: -O2 will do, and a loop of its own for each branch that never changes,
  # which g++ makes if told to (clang does). -O3 takes a fifth more space and time to compile; it is for the sources
  # whose loops have a few operations or are many and small, without the copies of functions that g++ makes.
  set(optimized $<AND:$<CONFIG:Release,RelWithDebInfo>,$<NOT:$<CXX_COMPILER_ID:MSVC>>>)
  set(by_gnu $<AND:$<CONFIG:Release,RelWithDebInfo>,$<CXX_COMPILER_ID:GNU>>)
  # What is only jumped to, the seldom branches, is not aligned: that would take one byte in a hundred.
  target_compile_options(${target} PRIVATE $<${optimized}:-O2> $<${by_gnu}:-funswitch-loops> $<${by_gnu}:-fno-align-jumps>)
  # Sources that check arguments and hand blocks on have no loops over elements; the smallest code will do.
  if(CMAKE_GENERATOR STREQUAL "Xcode")  # has no options of a source that depend on the configuration
    set(sources "")
    set(small "")
  else()
    set(sources arithmetic gates rectified softmax-bf16 softmax-f16 softmax-f32 softmax-f64)
    set(small attention axis bias cross_entropy difference entries gated gates losses quantize score_gradient
      softmax_axis table16_build table_build ties)
  endif()
  foreach(source IN LISTS sources)
    set_source_files_properties(kernels/${source}.cc PROPERTIES
      COMPILE_OPTIONS "$<${optimized}:-O3>;$<${by_gnu}:-fno-ipa-cp-clone>")
  endforeach()
  foreach(source IN LISTS small)
    set_source_files_properties(dispatch/${source}.cc PROPERTIES COMPILE_OPTIONS "$<${optimized}:-Os>")
  endforeach()
  # The exact tier is many small functions, and formulas that are seldom asked. What has vectors must not be -Os, for then
  # g++ leaves out vzeroupper before it calls, or returns to, code without AVX.
  set_source_files_properties(kernels/exact.cc PROPERTIES
    COMPILE_OPTIONS "$<${by_gnu}:-fno-asynchronous-unwind-tables;-fno-align-loops;-fno-align-jumps;-falign-functions=4>")
  set_source_files_properties(kernels/exact/settle.cc PROPERTIES
    COMPILE_OPTIONS "$<${optimized}:-Os>;$<${by_gnu}:-fno-asynchronous-unwind-tables>")
  # A thousand functions of a dozen instructions, of which each would start at 16 bytes.
  set_source_files_properties(dispatch/dispatch.cc PROPERTIES COMPILE_OPTIONS "$<${by_gnu}:-falign-functions=4>")
  # Loops with branches for options that never change, of which a copy for each would cost more space than time.
  set_source_files_properties(kernels/cross_entropy.cc kernels/softmax_axis.cc PROPERTIES
    COMPILE_OPTIONS "$<$<CXX_COMPILER_ID:GNU>:-fno-unswitch-loops>")
  if(SIMDACT_WITHOUT_POINTER_CHECKS)
    file(GLOB kernels "${PROJECT_SOURCE_DIR}/kernels/*.cc")
    set_property(SOURCE ${kernels} APPEND PROPERTY COMPILE_OPTIONS ${SIMDACT_WITHOUT_POINTER_CHECKS})
  endif()
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/kernels")
  target_compile_options(${target} PRIVATE ${SIMDACT_ARITHMETIC_OPTIONS})
  target_link_libraries(${target} PRIVATE hwy::hwy)
endfunction()
