"""A recipe for Conan 2: conan create tools/packaging/conan

Not run here, for Conan is not to be had where this is tested; its steps are those that the tests of cmake --install and
find_package use. It builds the tree that it lies in, and reads the version where CMakeLists.txt does.
"""
import os
import re

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rm, rmdir

ROOT = os.path.join("..", "..", "..")
PARTS = ("CMakeLists.txt", "LICENSE", "README.md", "CHANGELOG.md", "dispatch/*", "kernels/*", "tools/*")


class Simdact(ConanFile):
    name = "simdact"
    license = "Apache-2.0"
    description = "Activation functions and their gradients, vectorized, with proven error bounds"
    topics = ("simd", "activation-functions", "softmax", "highway")
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False]}  # either is position-independent
    default_options = {"shared": False}

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, ROOT, "dispatch", "simdact", "simdact.h"))
        self.version = ".".join(re.findall(r"^#define SIMDACT_VERSION_\w+ (\d+)$", header, re.MULTILINE))

    def export_sources(self):
        for part in PARTS:
            copy(self, part, os.path.join(self.recipe_folder, ROOT), self.export_sources_folder)

    # The headers of the component inl include Highway's; the libraries are complete without it.
    def requirements(self):
        self.requires("highway/[>=1.3.0]", transitive_headers=True)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "BENCH", "TOOLS"):
            toolchain.cache_variables[f"SIMDACT_BUILD_{part}"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    # The build makes both libraries; of two with one name the linker would take the shared one.
    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        libraries = os.path.join(self.package_folder, "lib")
        unwanted = ("*.a", "simdact_static.lib") if self.options.shared else ("*.so*", "*.dylib", "simdact.lib")
        for pattern in unwanted:
            rm(self, pattern, libraries)
        if not self.options.shared:
            rm(self, "*.dll", os.path.join(self.package_folder, "bin"))
        for folder in ("lib/cmake", "lib/pkgconfig", "share"):  # Conan writes its own
            rmdir(self, os.path.join(self.package_folder, folder))

    def package_info(self):
        windows = self.settings.os == "Windows"
        shared = bool(self.options.shared)
        library = self.cpp_info.components["library"]
        library.set_property("cmake_target_name", "simdact::simdact" if shared else "simdact::static")
        library.libs = ["simdact_static" if windows and not shared else "simdact"]
        if not shared:
            library.defines = ["SIMDACT_STATIC"]
            library.system_libs = [] if windows else ["m"]
        inl = self.cpp_info.components["inl"]
        inl.set_property("cmake_target_name", "simdact::inl")
        inl.libdirs = []
        inl.requires = ["highway::highway"]
        if self.settings.compiler in ("gcc", "clang", "apple-clang"):
            inl.cxxflags = ["-ffp-contract=off"]
        self.cpp_info.set_property("pkg_config_name", "simdact")
