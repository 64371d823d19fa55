# This machine's g++ for 32-bit x86; what it builds runs here. The i686 of the ABI has no SSE, and x87
# rounds twice: SSE2 is the least that the kernels' vectors need, and scalar code computes with it, too.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR i386)
set(CMAKE_C_COMPILER gcc)
set(CMAKE_CXX_COMPILER g++)
# Debian's multilib package that goes along with cross compilers leaves asm/ where only 64 bits look.
set(CMAKE_C_FLAGS_INIT "-m32 -msse2 -mfpmath=sse -idirafter /usr/include/x86_64-linux-gnu")
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT}")

# The tests run once, on this CPU.
set(SIMDACT_EMULATED_CPUS host)
