# cpack: what cmake --install writes, as a .tar.gz that can be unpacked anywhere and, on Debian and its kin, a .deb.
#
#   cpack --config build/release/CPackConfig.cmake -G DEB

set(CPACK_PACKAGE_NAME ${PROJECT_NAME})
set(CPACK_PACKAGE_VENDOR "simdact")
set(CPACK_PACKAGE_CONTACT "the simdact developers <simdact@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_SYSTEM_NAME "${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}")  # in the name of the .tar.gz
set(CPACK_GENERATOR TGZ)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)  # as many as there are cores, to compress

find_program(SIMDACT_DPKG dpkg-shlibdeps)
mark_as_advanced(SIMDACT_DPKG)
if(SIMDACT_DPKG)
  list(APPEND CPACK_GENERATOR DEB)
endif()
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)     # what it needs itself, from its binaries
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)  # what packages need that link it, and ldconfig when it is installed
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libhwy-dev (>= ${highway_version})")  # for the component inl

include(CPack)
