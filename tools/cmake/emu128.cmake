# This machine, as a CPU that Highway does not know: EMU128, vectors of 128 bits in plain C++, which any
# architecture falls back to with clang (and g++ from 16 on; before, it is the preset scalar).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${CMAKE_HOST_SYSTEM_PROCESSOR})
set(CMAKE_C_COMPILER clang)
set(CMAKE_CXX_COMPILER clang++)
set(CMAKE_CXX_FLAGS_INIT "-DHWY_COMPILE_ONLY_EMU128")

# The tests run once, on this CPU.
set(SIMDACT_EMULATED_CPUS host)
