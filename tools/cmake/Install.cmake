# What `cmake --install` writes: the libraries, the headers, and descriptions for CMake and pkg-config.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/simdact")

install(TARGETS simdact simdact_static EXPORT simdactTargets)
install(DIRECTORY dispatch/simdact kernels/simdact DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp" PATTERN "*.def")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

install(EXPORT simdactTargets NAMESPACE simdact:: DESTINATION "${package_dir}")
configure_package_config_file(tools/cmake/simdactConfig.cmake.in simdactConfig.cmake
  INSTALL_DESTINATION "${package_dir}" PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(simdactConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    "${CMAKE_CURRENT_BINARY_DIR}/simdactConfig.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/simdactConfigVersion.cmake"
  DESTINATION "${package_dir}")

# In simdact.pc the folders are relative to the file, so that the prefix can move.
file(RELATIVE_PATH pc_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
set(pc_definitions "")
foreach(definition IN LISTS SIMDACT_DTYPE_DEFINITIONS)
  string(APPEND pc_definitions " -D${definition}")
endforeach()
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
else()
  set(pc_prefix "\${pcfiledir}/${pc_prefix}")
endif()
configure_file(tools/cmake/simdact.pc.in simdact.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/simdact.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
