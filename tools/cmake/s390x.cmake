# Debian's cross compiler for IBM Z, which is big-endian; what it builds runs under qemu's user-mode
# emulation. Highway takes vectors only where the compiler's flags do, from z14 on.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(CMAKE_C_COMPILER s390x-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER s390x-linux-gnu-g++)
set(CMAKE_C_FLAGS_INIT "-march=z14")
set(CMAKE_CXX_FLAGS_INIT "-march=z14 -mzvector")
set(CMAKE_CROSSCOMPILING_EMULATOR "qemu-s390x;-L;/usr/s390x-linux-gnu")

# The tests run once; the emulator has none of IBM's models.
set(SIMDACT_EMULATED_CPUS max)

set(CMAKE_FIND_ROOT_PATH /usr/s390x-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
