# That a project which fetches simdact configures, and would build the library and its own program. That such a build
# works, consumer.add_subdirectory shows.
# Run as: cmake -D source=... -D work=... -D generator=... -D "highway=-D...=..." -P
cmake_minimum_required(VERSION 3.22)

file(REMOVE_RECURSE "${work}")
file(MAKE_DIRECTORY "${work}")
set(tarball "${work}/simdact.tar.gz")
execute_process(
  COMMAND "${CMAKE_COMMAND}" -E tar czf "${tarball}" CMakeLists.txt dispatch kernels tools/cmake tools/fetch-highway
  WORKING_DIRECTORY "${source}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(
  COMMAND "${CMAKE_COMMAND}" -G "${generator}" -S "${source}/tests/consumers/fetch_content" -B "${work}/build"
    "-DSIMDACT_URL=${tarball}" "${highway}"
  COMMAND_ERROR_IS_FATAL ANY)
# A dry run, which ninja and make have.
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${work}/build" -- -n OUTPUT_VARIABLE steps COMMAND_ERROR_IS_FATAL ANY)
foreach(step kernels/normal.cc libsimdact.a consumer)
  if(NOT steps MATCHES "${step}")
    message(FATAL_ERROR "no step with ${step} in\n${steps}")
  endif()
endforeach()
if(steps MATCHES "simdact_(tests|cli|bench)")
  message(FATAL_ERROR "simdact's own programs are built along:\n${steps}")
endif()
