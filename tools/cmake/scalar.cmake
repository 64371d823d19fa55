# This machine, as a CPU that Highway does not know: SCALAR, one number at a time, which any architecture
# falls back to with g++ before 16 (otherwise it is the preset emu128).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${CMAKE_HOST_SYSTEM_PROCESSOR})
set(CMAKE_C_COMPILER gcc)
set(CMAKE_CXX_COMPILER g++)
set(CMAKE_CXX_FLAGS_INIT "-DHWY_COMPILE_ONLY_SCALAR")

# The tests run once, on this CPU.
set(SIMDACT_EMULATED_CPUS host)
