# Highway >= 1.3.0 as hwy::hwy, from the first that has it:
#
#   1. the enclosing project, or an installed package hwy
#   2. SIMDACT_HIGHWAY_DIR: its source, as a folder or a tarball
#   3. GitHub
#   4. the Debian mirror of this machine (tools/fetch-highway)
#   5. the same mirror's newest version, once no release there has 1.3.0 any more
#
# 3 and 4 are pinned by one hash, for Debian ships GitHub's tarball as it is. 5 rests on the signature of the
# mirror's index alone, and is said. Sets SIMDACT_HIGHWAY_OPTIONS: cache entries that lead another build to the
# same Highway without a download.

set(SIMDACT_HIGHWAY_DIR "" CACHE PATH "Highway's source: a folder or a tarball")
set(SIMDACT_DEBIAN_RELEASES "forky;sid" CACHE STRING "Debian releases to look for Highway in")
# To try today what will happen then. For scripts the environment does, too.
option(SIMDACT_HIGHWAY_NEWEST "Take the newest Highway of the Debian mirror, not one that is installed or pinned"
  $ENV{SIMDACT_HIGHWAY_NEWEST})

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

# The tarballs that this build or another preset's has in a folder of this name.
function(simdact_tarballs_there name result)
  file(GLOB mine "${CMAKE_CURRENT_BINARY_DIR}/${name}/highway[-_]*.tar.*")
  file(GLOB others "${CMAKE_CURRENT_SOURCE_DIR}/build/*/${name}/highway[-_]*.tar.*")
  set(${result} ${mine} ${others} PARENT_SCOPE)
endfunction()

# simdact_ask_debian(folder result argument...): what tools/fetch-highway leaves there; empty if nothing.
function(simdact_ask_debian folder result)
  set(tarball "")
  if(CMAKE_HOST_UNIX)
    execute_process(
      COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/tools/fetch-highway" ${ARGN} "${folder}" ${SIMDACT_DEBIAN_RELEASES}
      OUTPUT_VARIABLE tarball OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
  set(${result} "${tarball}" PARENT_SCOPE)
endfunction()

# Downloads the pinned tarball unless it is there; the result is empty when nobody has it.
# A plain file(DOWNLOAD), for FetchContent retries for more than a minute where there is no network.
function(simdact_pinned_highway result)
  simdact_tarballs_there(highway there)
  foreach(tarball IN LISTS there)
    simdact_is_pinned("${tarball}" pinned)
    if(pinned)
      set(${result} "${tarball}" PARENT_SCOPE)
      return()
    endif()
  endforeach()

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/highway")
  set(tarball "${folder}/highway-${highway_version}.tar.gz")
  message(STATUS "Highway: trying GitHub")
  file(DOWNLOAD "${highway_url}" "${tarball}" TIMEOUT 20 INACTIVITY_TIMEOUT 10 STATUS ignored)
  simdact_is_pinned("${tarball}" pinned)
  if(NOT pinned)
    message(STATUS "Highway: trying this machine's Debian mirror")
    simdact_ask_debian("${folder}" tarball ${highway_version} ${highway_sha256})
    simdact_is_pinned("${tarball}" pinned)
  endif()
  if(NOT pinned)
    set(tarball "")
  endif()
  set(${result} "${tarball}" PARENT_SCOPE)
endfunction()

# The newest tarball of the Debian mirror; the result is empty when that has none that is new enough.
function(simdact_newest_highway result)
  simdact_tarballs_there(highway/newest there)
  if(there)  # it stays what it was when this build was made
    list(GET there 0 tarball)
  else()
    message(STATUS "Highway: trying the newest of this machine's Debian mirror")
    simdact_ask_debian("${CMAKE_CURRENT_BINARY_DIR}/highway/newest" tarball --newest ${highway_version})
  endif()
  if(tarball)
    get_filename_component(name "${tarball}" NAME)
    message(STATUS "Highway: NOT the pinned ${highway_version}, but ${name}, "
      "whose hash is that of the Debian mirror's signed index")
  endif()
  set(${result} "${tarball}" PARENT_SCOPE)
endfunction()

function(simdact_download_highway result)
  set(tarball "")
  if(NOT SIMDACT_HIGHWAY_NEWEST AND NOT SIMDACT_HIGHWAY_FELL_BACK)
    simdact_pinned_highway(tarball)
  endif()
  if(NOT tarball)
    simdact_newest_highway(tarball)
    if(tarball AND NOT SIMDACT_HIGHWAY_NEWEST)  # the next configuration need not look everywhere again
      set(SIMDACT_HIGHWAY_FELL_BACK TRUE CACHE INTERNAL "")
    endif()
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
  if(NOT TARGET hwy AND NOT TARGET hwy::hwy AND NOT SIMDACT_HIGHWAY_DIR AND NOT SIMDACT_HIGHWAY_NEWEST)
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
        "  - Debian, with a mirror in apt's configuration that has one of: ${SIMDACT_DEBIAN_RELEASES}\n")
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
