# Other libraries for the benchmark to compare with, -DSIMDACT_BENCH_PEERS=ON. What is not found is said and
# left out. The library itself needs none of them.

include(CheckCXXSourceCompiles)

# simdact_add_peer(name source condition package): a source of bench/peers/ as an object library if the
# condition holds, else a line on what is missing. Result: the target simdact_peer_name, or none.
macro(simdact_add_peer name source condition package)
  if(${condition})
    add_library(simdact_peer_${name} OBJECT "${PROJECT_SOURCE_DIR}/bench/peers/${source}")
    simdact_compile_program(simdact_peer_${name})
    target_include_directories(simdact_peer_${name} PRIVATE "${PROJECT_SOURCE_DIR}/dispatch")
    target_compile_definitions(simdact_peer_${name} PRIVATE SIMDACT_STATIC)
    target_sources(simdact_peers INTERFACE $<TARGET_OBJECTS:simdact_peer_${name}>)
    message(STATUS "Peer ${name}: found")
  else()
    message(STATUS "Peer ${name}: NOT found, so not measured (Debian: ${package})")
  endif()
endmacro()

# simdact_add_vector_peer(name condition package libraries flag...): a source that is compiled once per
# instruction set, which the benchmark chooses from.
function(simdact_add_vector_peer name condition package libraries)
  string(TOUPPER ${name} upper)
  string(SUBSTRING ${upper} 0 1 first)
  string(SUBSTRING ${name} 1 -1 rest)
  set(flags_Avx512 -march=skylake-avx512 -mprefer-vector-width=512)
  set(flags_Avx2 -march=haswell)
  foreach(isa Avx512 Avx2)
    simdact_add_peer(${name}_${isa} ${name}.cc "${condition}" "${package}")
    if(TARGET simdact_peer_${name}_${isa})
      target_compile_definitions(simdact_peer_${name}_${isa} PRIVATE
        SIMDACT_PEER_SYMBOL=k${first}${rest}${isa} SIMDACT_PEER_NAMESPACE=${first}${rest}${isa})
      target_compile_options(simdact_peer_${name}_${isa} PRIVATE -O3 ${flags_${isa}} ${ARGN})
    endif()
  endforeach()
  if(TARGET simdact_peer_${name}_Avx2)
    target_compile_definitions(simdact_peers INTERFACE SIMDACT_PEER_${upper})
    target_link_libraries(simdact_peers INTERFACE ${libraries})
  endif()
endfunction()

# simdact_peers: an interface library with the peers' objects, their libraries and a macro for each.
function(simdact_add_peers)
  add_library(simdact_peers INTERFACE)
  target_sources(simdact_peers INTERFACE "${PROJECT_SOURCE_DIR}/bench/peers/peers.cc")

  set(x86 FALSE)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND NOT MSVC)
    set(x86 TRUE)
  endif()

  # SLEEF
  find_path(SIMDACT_SLEEF_INCLUDE sleef.h)
  find_library(SIMDACT_SLEEF_LIBRARY sleef)
  simdact_add_vector_peer(sleef "x86;AND;SIMDACT_SLEEF_INCLUDE;AND;SIMDACT_SLEEF_LIBRARY" libsleef-dev
    "${SIMDACT_SLEEF_LIBRARY}")
  if(TARGET simdact_peer_sleef_Avx2)
    foreach(isa Avx512 Avx2)
      target_include_directories(simdact_peer_sleef_${isa} SYSTEM PRIVATE "${SIMDACT_SLEEF_INCLUDE}")
    endforeach()
  endif()

  # glibc's libmvec, as g++ uses it; older ones lack some of the functions.
  if(x86 AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    set(CMAKE_REQUIRED_LIBRARIES mvec m)
    check_cxx_source_compiles("#include <immintrin.h>
      extern \"C\" __m128 _ZGVbN4v_erfcf(__m128); extern \"C\" __m128 _ZGVbN4v_expm1f(__m128);
      int main() { return _mm_cvtsi128_si32(_mm_castps_si128(
        _ZGVbN4v_erfcf(_ZGVbN4v_expm1f(_mm_setzero_ps())))); }" SIMDACT_HAS_LIBMVEC)
    unset(CMAKE_REQUIRED_LIBRARIES)
  endif()
  simdact_add_vector_peer(libmvec SIMDACT_HAS_LIBMVEC "libc6-dev 2.35 or newer on x86-64, with g++" "mvec;m"
    -ffast-math -fopenmp-simd)

  # Eigen
  find_package(Eigen3 CONFIG QUIET)
  simdact_add_vector_peer(eigen "x86;AND;TARGET;Eigen3::Eigen" libeigen3-dev "" -DNDEBUG
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)  # g++ 12 warns of its own intrinsics
  if(TARGET simdact_peer_eigen_Avx2)
    foreach(isa Avx512 Avx2)
      target_link_libraries(simdact_peer_eigen_${isa} PRIVATE Eigen3::Eigen)
    endforeach()
  endif()

  # oneDNN. Not through its own package file, which may look for OpenCL.
  find_path(SIMDACT_ONEDNN_INCLUDE dnnl.hpp)
  find_library(SIMDACT_ONEDNN_LIBRARY dnnl)
  find_package(OpenMP QUIET)
  simdact_add_peer(onednn onednn.cc "SIMDACT_ONEDNN_INCLUDE;AND;SIMDACT_ONEDNN_LIBRARY;AND;OpenMP_CXX_FOUND"
    libdnnl-dev)
  if(TARGET simdact_peer_onednn)
    target_include_directories(simdact_peer_onednn SYSTEM PRIVATE "${SIMDACT_ONEDNN_INCLUDE}")
    target_link_libraries(simdact_peer_onednn PRIVATE OpenMP::OpenMP_CXX)
    target_compile_definitions(simdact_peers INTERFACE SIMDACT_PEER_ONEDNN)
    target_link_libraries(simdact_peers INTERFACE "${SIMDACT_ONEDNN_LIBRARY}" $<LINK_ONLY:OpenMP::OpenMP_CXX>)
  endif()

  # XNNPACK, in one of its two interfaces
  find_library(SIMDACT_XNNPACK_LIBRARY XNNPACK)
  if(SIMDACT_XNNPACK_LIBRARY)
    set(CMAKE_REQUIRED_LIBRARIES "${SIMDACT_XNNPACK_LIBRARY}")
    check_cxx_source_compiles("#include <xnnpack.h>
      int main() { return xnn_setup_unary_elementwise_nc(nullptr, nullptr, nullptr); }" SIMDACT_XNNPACK_2024)
    check_cxx_source_compiles("#include <xnnpack.h>
      int main() { return xnn_setup_sigmoid_nc_f32(nullptr, 1, nullptr, nullptr, nullptr); }" SIMDACT_XNNPACK_2022)
    unset(CMAKE_REQUIRED_LIBRARIES)
  endif()
  simdact_add_peer(xnnpack xnnpack.cc "SIMDACT_XNNPACK_2024;OR;SIMDACT_XNNPACK_2022"
    "libxnnpack-dev libpthreadpool-dev, of 2022 or 2024")
  if(TARGET simdact_peer_xnnpack)
    if(SIMDACT_XNNPACK_2024)
      target_compile_definitions(simdact_peer_xnnpack PRIVATE SIMDACT_XNNPACK_UNARY)
    endif()
    execute_process(COMMAND dpkg-query -W "-f=\${Version}" libxnnpack-dev
      OUTPUT_VARIABLE version ERROR_QUIET RESULT_VARIABLE status)
    if(status EQUAL 0)
      target_compile_definitions(simdact_peer_xnnpack PRIVATE "SIMDACT_XNNPACK_VERSION=\"${version}\"")
    endif()
    target_compile_definitions(simdact_peers INTERFACE SIMDACT_PEER_XNNPACK)
    target_link_libraries(simdact_peers INTERFACE "${SIMDACT_XNNPACK_LIBRARY}")
  endif()

  # PyTorch. Not through its own package file, which looks for much more than the library needs.
  find_path(SIMDACT_TORCH_INCLUDE ATen/Functions.h)
  find_library(SIMDACT_TORCH_LIBRARY torch_cpu)
  find_library(SIMDACT_C10_LIBRARY c10)
  simdact_add_peer(torch torch.cc "SIMDACT_TORCH_INCLUDE;AND;SIMDACT_TORCH_LIBRARY;AND;SIMDACT_C10_LIBRARY"
    libtorch-dev)
  if(TARGET simdact_peer_torch)
    file(STRINGS "${SIMDACT_TORCH_INCLUDE}/c10/util/intrusive_ptr.h" strong REGEX "std::strong_ordering" LIMIT_COUNT 1)
    if(strong)  # 2.x of late
      target_compile_features(simdact_peer_torch PRIVATE cxx_std_20)
    endif()
    target_include_directories(simdact_peer_torch SYSTEM PRIVATE "${SIMDACT_TORCH_INCLUDE}")
    target_compile_definitions(simdact_peers INTERFACE SIMDACT_PEER_TORCH)
    target_link_libraries(simdact_peers INTERFACE "${SIMDACT_TORCH_LIBRARY}" "${SIMDACT_C10_LIBRARY}")
  endif()
endfunction()
