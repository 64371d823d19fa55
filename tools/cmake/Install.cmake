# What `cmake --install` writes: the libraries, the headers, and descriptions for CMake and pkg-config.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/simdact")

install(TARGETS simdact simdact_static EXPORT simdactTargets)
install(DIRECTORY dispatch/simdact kernels/simdact DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp" PATTERN "*.def")
install(FILES LICENSE CHANGELOG.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES README.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES dispatch/README.md DESTINATION "${CMAKE_INSTALL_DOCDIR}/dispatch")  # as README.md links to it

install(EXPORT simdactTargets NAMESPACE simdact:: DESTINATION "${package_dir}")
configure_package_config_file(tools/cmake/simdactConfig.cmake.in simdactConfig.cmake
  INSTALL_DESTINATION "${package_dir}" PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(simdactConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    "${CMAKE_CURRENT_BINARY_DIR}/simdactConfig.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/simdactConfigVersion.cmake"
  DESTINATION "${package_dir}")

# In simdact.pc the folders are relative to the file, so that the prefix can move; but those that were given as
# absolute ones stay.
foreach(folder LIBDIR INCLUDEDIR)
  string(TOLOWER "${folder}" name)
  set(pc_${name} "\${prefix}/${CMAKE_INSTALL_${folder}}")
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${folder}}")
    set(pc_${name} "${CMAKE_INSTALL_${folder}}")
  endif()
endforeach()
set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  file(RELATIVE_PATH pc_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" pc_prefix "\${pcfiledir}/${pc_prefix}")
endif()
set(pc_definitions "")
foreach(definition IN LISTS SIMDACT_DTYPE_DEFINITIONS)
  string(APPEND pc_definitions " -D${definition}")
endforeach()
# What the static library needs: no C++ runtime.
get_target_property(libraries simdact_static INTERFACE_LINK_LIBRARIES)
set(pc_private_libraries "")
if(libraries)
  list(TRANSFORM libraries PREPEND " -l")
  list(JOIN libraries "" pc_private_libraries)
endif()
configure_file(tools/cmake/simdact.pc.in simdact.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/simdact.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

include(Sbom)
if(PROJECT_IS_TOP_LEVEL)
  include(Package)
endif()
