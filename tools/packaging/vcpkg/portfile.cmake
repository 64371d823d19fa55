# A port for vcpkg, to be used as an overlay: vcpkg install simdact --overlay-ports=tools/packaging/vcpkg
#
# Not run here, for vcpkg is not to be had where this is tested; its parts are those that the tests of cmake --install,
# find_package and cpack use. It builds the tree that it lies in. A port in vcpkg's registry takes a release instead:
# vcpkg_from_github(... REPO .../simdact REF v${VERSION} SHA512 ...) in place of the next line.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

# Both kinds of library are always built, whatever the triplet says. Highway comes from vcpkg's own port, found as an installed package.
set(VCPKG_POLICY_DLLS_IN_STATIC_LIBRARY enabled)
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    -DSIMDACT_BUILD_TESTS=OFF
    -DSIMDACT_BUILD_BENCH=OFF
    -DSIMDACT_BUILD_TOOLS=OFF
    -DSIMDACT_INSTALL=ON)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME simdact CONFIG_PATH lib/cmake/simdact)
vcpkg_fixup_pkgconfig()

# What vcpkg asks of each port: headers once, the licence under its own name.
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share"
  "${CURRENT_PACKAGES_DIR}/share/doc")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
