# What the libraries are made of, as SPDX 2.3: simdact.spdx.json beside the documentation. Highway's headers are compiled
# into the kernels; nothing else is. The document is the same for the same sources, compiler and SOURCE_DATE_EPOCH.

# Found by whatever way: the version that the compiler sees.
get_target_property(highway_folders hwy::hwy INTERFACE_INCLUDE_DIRECTORIES)
list(FILTER highway_folders EXCLUDE REGEX "INSTALL_INTERFACE")
string(REGEX REPLACE "[$]<BUILD_INTERFACE:|>" "" highway_folders "${highway_folders}")
find_file(highway_base_h hwy/base.h PATHS ${highway_folders} NO_CACHE)
set(sbom_highway NOASSERTION)
if(highway_base_h)
  file(STRINGS "${highway_base_h}" lines REGEX "^#define HWY_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9;]" "" sbom_highway "${lines}")
  string(REPLACE ";" "." sbom_highway "${sbom_highway}")
endif()

# The hash is that of the pinned tarball, where it is what was unpacked.
set(sbom_checksum "")
set(sbom_location NOASSERTION)
file(GLOB tarballs "${CMAKE_CURRENT_BINARY_DIR}/highway/highway[-_]*.tar.*")
foreach(tarball IN LISTS tarballs)
  simdact_is_pinned("${tarball}" pinned)
  if(pinned AND sbom_highway STREQUAL highway_version)
    set(sbom_location "${highway_url}")
    set(sbom_checksum "\n      \"checksums\": [{\"algorithm\": \"SHA256\", \"checksumValue\": \"${highway_sha256}\"}],")
  endif()
endforeach()

set(sbom_compiler "${CMAKE_CXX_COMPILER_ID}")
string(TIMESTAMP sbom_created "%Y-%m-%dT%H:%M:%SZ" UTC)
string(UUID sbom_uuid NAMESPACE 6ba7b811-9dad-11d1-80b4-00c04fd430c8 TYPE SHA1
  NAME "simdact ${PROJECT_VERSION} ${sbom_highway} ${sbom_compiler} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_SYSTEM_PROCESSOR}")
configure_file(tools/cmake/simdact.spdx.json.in simdact.spdx.json @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/simdact.spdx.json" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
