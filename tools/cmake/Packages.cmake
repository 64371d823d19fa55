# The packages of the tests, the benchmark and the command. The library itself needs none of them.

# simdact_stop_without(what condition package): ends with one line that says what to install.
macro(simdact_stop_without what condition package)
  if(NOT ${condition})
    message(FATAL_ERROR "${what} was not found: install it (Debian: ${package}), or see the SIMDACT_BUILD_* options")
  endif()
endmacro()

# simdact_fetch(name url sha256): the release of a project on GitHub, for machines without its package.
macro(simdact_fetch name url sha256)
  include(FetchContent)
  message(STATUS "${name}: not installed, fetching it")
  FetchContent_Declare(${name} URL "${url}" URL_HASH SHA256=${sha256} TIMEOUT 30)
  FetchContent_MakeAvailable(${name})
endmacro()

# GTest::gtest_main. A cross build has no library to link and compiles Debian's sources of it.
macro(simdact_need_googletest)
  if(NOT CMAKE_CROSSCOMPILING)
    find_package(GTest QUIET)
  endif()
  if(NOT TARGET GTest::gtest_main AND EXISTS /usr/src/googletest/CMakeLists.txt)
    set(INSTALL_GTEST OFF CACHE BOOL "" FORCE)
    set(BUILD_GMOCK OFF CACHE BOOL "" FORCE)
    add_subdirectory(/usr/src/googletest "${PROJECT_BINARY_DIR}/googletest" EXCLUDE_FROM_ALL)
  endif()
  if(NOT TARGET GTest::gtest_main)
    set(INSTALL_GTEST OFF CACHE BOOL "" FORCE)
    simdact_fetch(googletest https://github.com/google/googletest/archive/refs/tags/release-1.12.1.tar.gz
      81964fe578e9bd7c94dfdb09c8e4d6e6759e19967e397dbea48d1c10e45d0df2)
  endif()
  simdact_stop_without(GoogleTest "TARGET;GTest::gtest_main" libgtest-dev)
endmacro()

macro(simdact_need_benchmark)
  find_package(benchmark CONFIG QUIET)
  if(NOT TARGET benchmark::benchmark)
    set(BENCHMARK_ENABLE_TESTING OFF CACHE BOOL "" FORCE)
    set(BENCHMARK_ENABLE_INSTALL OFF CACHE BOOL "" FORCE)
    simdact_fetch(benchmark https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz
      6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7)
  endif()
  simdact_stop_without("Google Benchmark" "TARGET;benchmark::benchmark" libbenchmark-dev)
endmacro()

macro(simdact_need_cli11)
  find_package(CLI11 CONFIG QUIET)
  simdact_stop_without(CLI11 CLI11_FOUND libcli11-dev)
endmacro()

# nlohmann_json::nlohmann_json. It is headers only, so a cross build may use the host's. Through a link, for
# the host's include folder as a whole would bring the host's C library along.
macro(simdact_need_json)
  find_package(nlohmann_json CONFIG QUIET)
  if(NOT TARGET nlohmann_json::nlohmann_json AND CMAKE_CROSSCOMPILING)
    find_path(SIMDACT_JSON_INCLUDE nlohmann/json.hpp NO_CMAKE_FIND_ROOT_PATH)
    if(SIMDACT_JSON_INCLUDE)
      file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/host-headers")
      file(CREATE_LINK "${SIMDACT_JSON_INCLUDE}/nlohmann" "${PROJECT_BINARY_DIR}/host-headers/nlohmann"
        SYMBOLIC COPY_ON_ERROR)
      add_library(nlohmann_json::nlohmann_json INTERFACE IMPORTED GLOBAL)
      target_include_directories(nlohmann_json::nlohmann_json INTERFACE "${PROJECT_BINARY_DIR}/host-headers")
    endif()
  endif()
  simdact_stop_without("nlohmann/json" "TARGET;nlohmann_json::nlohmann_json" nlohmann-json3-dev)
endmacro()

# OpenSSL::Crypto, for SHA-256.
macro(simdact_need_openssl)
  find_package(OpenSSL QUIET COMPONENTS Crypto)
  simdact_stop_without(OpenSSL "TARGET;OpenSSL::Crypto" libssl-dev)
endmacro()

# PkgConfig::MPFR.
macro(simdact_need_mpfr)
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(MPFR QUIET IMPORTED_TARGET mpfr)
  endif()
  simdact_stop_without(MPFR MPFR_FOUND "libmpfr-dev pkg-config")
endmacro()
