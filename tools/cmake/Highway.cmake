# Highway >= 1.3.0 as hwy::hwy, from the first that has it:
#
#   1. the enclosing project, or an installed package hwy
#   2. SIMDACT_HIGHWAY_DIR: its source, as a folder or a tarball
#   3. GitHub
#   4. the Debian mirror of this machine (tools/fetch-highway)
#
# The last two are pinned by one hash, for Debian ships GitHub's tarball as it is. Sets
# SIMDACT_HIGHWAY_OPTIONS: cache entries that lead another build to the same Highway without a download.

set(SIMDACT_HIGHWAY_DIR "" CACHE PATH "Highway's source: a folder or a tarball")

set(highway_version 1.3.0)
set(highway_sha256 07b3c1ba2c1096878a85a31a5b9b3757427af963b1141ca904db2f9f4afe0bc2)
set(highway_url "https://github.com/google/highway/archive/refs/tags/${highway_version}.tar.gz")

function(simdact_is_pinned file result)
  set(hash "")
  if(EXISTS "${file}")
    file(SHA256 "${file}" hash)
  endif()
  if(hash STREQUAL highway_sha256)
    set(${result} TRUE PARENT_SCOPE)
  else()
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

# Downloads the pinned tarball unless it is there; the result is empty when nobody has it.
# A plain file(DOWNLOAD), for FetchContent retries for more than a minute where there is no network.
function(simdact_download_highway result)
  set(tarball "${CMAKE_CURRENT_BINARY_DIR}/highway/highway-${highway_version}.tar.gz")
  file(GLOB copies "${CMAKE_CURRENT_SOURCE_DIR}/build/*/highway/highway-${highway_version}.tar.gz")
  foreach(copy "${tarball}" ${copies})  # what another preset has need not come over the network again
    simdact_is_pinned("${copy}" pinned)
    if(pinned)
      set(${result} "${copy}" PARENT_SCOPE)
      return()
    endif()
  endforeach()

  message(STATUS "Highway: trying GitHub")
  file(DOWNLOAD "${highway_url}" "${tarball}" TIMEOUT 20 INACTIVITY_TIMEOUT 10 STATUS ignored)
  simdact_is_pinned("${tarball}" pinned)
  if(NOT pinned AND CMAKE_HOST_UNIX)
    message(STATUS "Highway: trying this machine's Debian mirror")
    execute_process(
      COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/tools/fetch-highway" ${highway_version} ${highway_sha256} "${tarball}")
    simdact_is_pinned("${tarball}" pinned)
  endif()
  if(NOT pinned)
    set(tarball "")
  endif()
  set(${result} "${tarball}" PARENT_SCOPE)
endfunction()

# Unpacks a tarball of Highway beside the build and yields its folder.
function(simdact_unpack_highway tarball result)
  set(place "${CMAKE_CURRENT_BINARY_DIR}/highway/source")
  file(REMOVE_RECURSE "${place}")
  file(ARCHIVE_EXTRACT INPUT "${tarball}" DESTINATION "${place}")
  file(GLOB header "${place}/*/hwy/highway.h")
  string(REPLACE "/hwy/highway.h" "" folder "${header}")
  set(${result} "${folder}" PARENT_SCOPE)
endfunction()

function(simdact_check_highway folder)
  if(NOT EXISTS "${folder}/hwy/base.h" OR NOT EXISTS "${folder}/CMakeLists.txt")
    message(FATAL_ERROR "SIMDACT_HIGHWAY_DIR: no Highway source in '${SIMDACT_HIGHWAY_DIR}'")
  endif()
  file(STRINGS "${folder}/hwy/base.h" lines REGEX "^#define HWY_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9;]" "" found "${lines}")
  string(REPLACE ";" "." found "${found}")
  if(found VERSION_LESS highway_version)
    message(FATAL_ERROR "Highway ${found} in '${folder}' is too old: simdact needs ${highway_version}")
  endif()
  message(STATUS "Highway: ${found}, from ${folder}")
endfunction()

# Adds Highway's own build, trimmed to the library. A function, so that none of the settings leak.
function(simdact_add_highway folder)
  foreach(part TESTS CONTRIB EXAMPLES INSTALL)
    set(HWY_ENABLE_${part} OFF CACHE BOOL "" FORCE)
  endforeach()
  set(HWY_FORCE_STATIC_LIBS ON CACHE BOOL "" FORCE)
  add_subdirectory("${folder}" "${CMAKE_CURRENT_BINARY_DIR}/highway/build" EXCLUDE_FROM_ALL)
  # Its headers are not ours to warn about.
  set_target_properties(hwy PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${folder}")
endfunction()

macro(simdact_find_highway)
  if(NOT TARGET hwy AND NOT TARGET hwy::hwy AND NOT SIMDACT_HIGHWAY_DIR)
    find_package(hwy ${highway_version} CONFIG QUIET)
  endif()
  if(hwy_FOUND)
    message(STATUS "Highway: ${hwy_VERSION}, installed in ${hwy_DIR}")
    set(SIMDACT_HIGHWAY_OPTIONS "-Dhwy_DIR=${hwy_DIR}")
  elseif(NOT TARGET hwy AND NOT TARGET hwy::hwy)
    set(source "${SIMDACT_HIGHWAY_DIR}")
    if(NOT source)
      simdact_download_highway(source)
    endif()
    if(NOT source)
      message(FATAL_ERROR
        "simdact needs Highway >= ${highway_version} and found none. Any one of these helps:\n"
        "  - install Highway's package (libhwy-dev, highway-devel, highway), if it is ${highway_version} or later\n"
        "  - -DSIMDACT_HIGHWAY_DIR=<folder or tarball of its source>\n"
        "  - a connection to ${highway_url}\n"
        "  - Debian, with a mirror in apt's configuration that has the release 'forky' or 'sid'\n")
    endif()
    if(NOT IS_DIRECTORY "${source}" AND EXISTS "${source}")
      simdact_unpack_highway("${source}" source)
    endif()
    simdact_check_highway("${source}")
    simdact_add_highway("${source}")
    set(SIMDACT_HIGHWAY_OPTIONS "-DSIMDACT_HIGHWAY_DIR=${source}")
  endif()
  if(NOT TARGET hwy::hwy)
    add_library(hwy::hwy ALIAS hwy)
  endif()
endmacro()

simdact_find_highway()

# An installed Highway is linked; one that is built here goes into our libraries, so that nobody who links
# them needs to have it. Run-time dispatch needs two of its sources and no more.
get_target_property(SIMDACT_HIGHWAY_INSTALLED hwy::hwy IMPORTED)
function(simdact_embed_highway library)
  if(SIMDACT_HIGHWAY_INSTALLED)
    target_link_libraries(${library} PRIVATE hwy::hwy)
  else()
    target_sources(${library} PRIVATE
      "$<FILTER:$<TARGET_OBJECTS:hwy>,INCLUDE,/(targets|abort)[.]cc[.]o(bj)?$>")
  endif()
endfunction()
