# cmake -D "objects=a.cc.o;b.cc.o" -D output=FILE -P CodeHashes.cmake
# A list of {"name", "SHA-256"}, one for each object of kernels/, for tools/command/prove.cc to include.
set(text "")
foreach(object IN LISTS objects)
  if(object MATCHES "/kernels/([^/]+)\\.cc\\.o[a-z]*$")
    set(name "${CMAKE_MATCH_1}")
    file(SHA256 "${object}" hash)
    string(APPEND text "{\"${name}\", \"${hash}\"},\n")
  endif()
endforeach()
file(WRITE "${output}" "${text}")
