"""The recipes for vcpkg and Conan, as far as that goes without them: they are well-formed, have the version of
simdact.h and options that there are, and call what their tools have. Of the Python package, the version. And the bill
of materials: SPDX's required fields, the pinned Highway, and relationships between what is there.

Run: packaging_test.py ROOT CMAKE [SBOM]
"""
import ast
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT, CMAKE = pathlib.Path(sys.argv[1]), sys.argv[2]
RECIPES = ROOT / "tools" / "packaging"
VCPKG = RECIPES / "vcpkg"

# vcpkg's functions, as they are called: each prints its name and arguments.
FUNCTIONS = ["cmake_configure", "cmake_install", "cmake_config_fixup", "fixup_pkgconfig", "install_copyright"]
STUBS = "".join(
    f'function(vcpkg_{name})\n  message("vcpkg_{name} ${{ARGN}}")\nendfunction()\n' for name in FUNCTIONS
)


def version() -> str:
    header = (ROOT / "dispatch" / "simdact" / "simdact.h").read_text()
    return ".".join(re.findall(r"^#define SIMDACT_VERSION_\w+ (\d+)$", header, re.MULTILINE))


def check_options(recipe: str, text: str) -> None:
    """Options of the build that a recipe sets must be there: CMake would take any other without a word."""
    known = set(re.findall(r"option\((SIMDACT_\w+)", (ROOT / "CMakeLists.txt").read_text()))
    unknown = set(re.findall(r"-D(SIMDACT_\w+)=", text)) - known
    assert not unknown, f"{recipe}: no options {unknown}"


def check_vcpkg() -> None:
    manifest = json.loads((VCPKG / "vcpkg.json").read_text())
    assert manifest["version"] == version(), f"vcpkg.json has version {manifest['version']}, simdact.h {version()}"
    highway = next(d for d in manifest["dependencies"] if d["name"] == "highway")
    asked = re.search(r"set\(highway_version (\S+)\)", (ROOT / "tools" / "cmake" / "Highway.cmake").read_text())
    assert asked and highway["version>="] == asked[1], "vcpkg.json asks for another Highway"

    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder) / "run.cmake"
        script.write_text(f'{STUBS}set(CURRENT_PACKAGES_DIR "{folder}")\ninclude("{VCPKG}/portfile.cmake")\n')
        done = subprocess.run([CMAKE, "-P", script], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, f"portfile.cmake:\n{done.stderr}"
    assert f"SOURCE_PATH;{ROOT.resolve()};" in done.stderr, f"portfile.cmake builds another tree:\n{done.stderr}"
    missing = [name for name in FUNCTIONS if f"vcpkg_{name}" not in done.stderr]
    assert not missing, f"portfile.cmake does not call {missing}"
    check_options("portfile.cmake", done.stderr)


def check_conan() -> None:
    """By its syntax tree, for the module conan is not there."""
    tree = ast.parse((RECIPES / "conan" / "conanfile.py").read_text())
    recipe = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    methods = {node.name for node in recipe.body if isinstance(node, ast.FunctionDef)}
    needed = {
        "set_version",
        "export_sources",
        "requirements",
        "layout",
        "generate",
        "build",
        "package",
        "package_info",
    }
    assert needed <= methods, f"conanfile.py lacks {needed - methods}"
    for part in ast.literal_eval(next(a.value for a in tree.body if isinstance(a, ast.Assign) and is_parts(a))):
        assert list(ROOT.glob(part)), f"conanfile.py takes along {part}, which is not there"


def check_python() -> None:
    """The rest of it has tests of its own, tests/engines/python."""
    text = (RECIPES / "python" / "src" / "simdact" / "_version.py").read_text()
    (there,) = re.findall(r'^VERSION = "(.*)"$', text, re.MULTILINE)
    assert there == version(), f"the Python package has version {there}, simdact.h {version()}"


def check_sbom(path: pathlib.Path) -> None:
    sbom = json.loads(path.read_text())
    assert sbom["spdxVersion"] == "SPDX-2.3" and sbom["dataLicense"] == "CC0-1.0"
    assert re.fullmatch(r"https://spdx\.org/spdxdocs/[-.\w]+", sbom["documentNamespace"])
    assert re.fullmatch(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z", sbom["creationInfo"]["created"])
    packages = {package["SPDXID"]: package for package in sbom["packages"]}
    assert packages["SPDXRef-simdact"]["versionInfo"] == version()
    highway = packages["SPDXRef-highway"]
    text = (ROOT / "tools" / "cmake" / "Highway.cmake").read_text()
    (asked,), (sha256,) = re.findall(r"set\(highway_version (\S+)\)", text), re.findall(r"_sha256 (\w{64})\)", text)
    numbers = [[int(n) for n in v.split(".")] for v in (highway["versionInfo"], asked)]
    assert numbers[0] >= numbers[1], f"the bill has Highway {highway['versionInfo']}"
    for checksum in highway.get("checksums", []):
        assert checksum == {"algorithm": "SHA256", "checksumValue": sha256}
    for package in packages.values():
        assert {"name", "downloadLocation", "licenseConcluded", "copyrightText"} <= package.keys(), package
    for relationship in sbom["relationships"]:
        ends = {relationship["spdxElementId"], relationship["relatedSpdxElement"]}
        assert ends <= packages.keys() | {"SPDXRef-DOCUMENT"}, relationship


def is_parts(assignment: ast.Assign) -> bool:
    return isinstance(assignment.targets[0], ast.Name) and assignment.targets[0].id == "PARTS"


if __name__ == "__main__":
    check_vcpkg()
    check_conan()
    check_python()
    if len(sys.argv) > 3:  # there is none where nothing is installed
        check_sbom(pathlib.Path(sys.argv[3]))
    print(f"two recipes for {version()}")
