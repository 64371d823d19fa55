# Installs, and moves what was installed: the consumers then find it where nobody has said that it would be.
# Run as: cmake -D build=... -D prefix=... -D config=... -P
cmake_minimum_required(VERSION 3.22)

file(REMOVE_RECURSE "${prefix}" "${prefix}.first")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${build}" --prefix "${prefix}.first" --config "${config}"
  COMMAND_ERROR_IS_FATAL ANY)
file(RENAME "${prefix}.first" "${prefix}")
file(GLOB_RECURSE texts "${prefix}/*.cmake" "${prefix}/*.pc")
if(NOT texts)
  message(FATAL_ERROR "no descriptions in ${prefix}")
endif()
foreach(text IN LISTS texts)
  file(STRINGS "${text}" lines)
  if(lines MATCHES "${prefix}.first" OR lines MATCHES "${build}")
    message(FATAL_ERROR "${text} cannot be moved: it names its folder")
  endif()
endforeach()
