# What the linker sees; isa_test.py looks at the same files for what leads to instructions that a CPU lacks.
# Run as: cmake -D library=... -D objects=... -D nm=... -P

# Names are nm's lines "address kind name"; prints each that `allowed` does not match, and fails.
function(expect_only allowed names what)
  string(REGEX REPLACE "\n$" "" names "${names}")
  string(REPLACE "\n" ";" names "${names}")
  list(FILTER names EXCLUDE REGEX "${allowed}")
  if(names)
    list(JOIN names "\n  " names)
    message(FATAL_ERROR "${what}:\n  ${names}")
  endif()
endfunction()

# 1. The shared library exports simdact_* and nothing else.
execute_process(COMMAND "${nm}" --dynamic --defined-only "${library}"
  OUTPUT_VARIABLE exported COMMAND_ERROR_IS_FATAL ANY)
if(NOT exported MATCHES " T simdact_gelu_f32")
  message(FATAL_ERROR "${library} does not export simdact_gelu_f32")
endif()
expect_only(" [TDBR] simdact_[a-z0-9_]+$" "${exported}" "${library} exports more than simdact_*")

# 2. No object has a symbol of Highway's name, its own or another's: see dispatch/cpu.h.
foreach(object IN LISTS objects)
  execute_process(COMMAND "${nm}" "${object}" OUTPUT_VARIABLE names COMMAND_ERROR_IS_FATAL ANY)
  if(names MATCHES "N[KVR]*3hwy[^\n]*")
    message(FATAL_ERROR "${object} shares a name with other Highways: ${CMAKE_MATCH_0}")
  endif()
endforeach()
