# The public headers as a strict consumer compiles them: each alone, in each standard, with every warning; and in
# a program whose macros have the names of ops and parameters.
# Run as: cmake -D dispatch=... -D work=... -D "c=gcc;clang" -D "cxx=g++;clang++" -P
cmake_minimum_required(VERSION 3.22)

file(GLOB c_headers RELATIVE "${dispatch}" "${dispatch}/simdact/*.h")
file(GLOB cxx_headers RELATIVE "${dispatch}" "${dispatch}/simdact/*.hpp")
file(MAKE_DIRECTORY "${work}")

# clang has a switch for all, but for what speaks of C++98, of layout, and of identifiers like _Bool.
set(clang_warnings -Weverything -Wno-padded -Wno-unknown-warning-option
  -Wno-c++98-compat -Wno-c++98-compat-pedantic -Wno-declaration-after-statement -Wno-unsafe-buffer-usage)
set(gcc_warnings -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wdouble-promotion -Wfloat-conversion
  -Wshadow -Wundef -Wcast-qual -Wcast-align -Wredundant-decls -Wmissing-declarations -Wwrite-strings
  -Wunused-macros -Wformat=2 -Wlogical-op -Wduplicated-cond -Wswitch-enum -Wfloat-equal -Winit-self -Wunused)
set(gcc_c_warnings -Wc++-compat -Wstrict-prototypes -Wold-style-definition -Wmissing-prototypes -Wbad-function-cast)
set(gcc_cxx_warnings -Wold-style-cast -Wuseless-cast -Wzero-as-null-pointer-constant -Wextra-semi -Weffc++
  -Woverloaded-virtual -Wnon-virtual-dtor -Wctor-dtor-privacy -Wsign-promo -Wcomma-subscript)

set(failures 0)
set(compiled 0)

# Compiles a file and prints what the compiler says if it is not silent.
function(expect_silence compiler standard file)
  execute_process(COMMAND "${compiler}" --version OUTPUT_VARIABLE version ERROR_QUIET)
  if(version MATCHES "clang")
    set(warnings ${clang_warnings})
  else()
    set(warnings ${gcc_warnings})
    if(standard MATCHES "[+]")
      list(APPEND warnings ${gcc_cxx_warnings})
    else()
      list(APPEND warnings ${gcc_c_warnings})
    endif()
  endif()
  execute_process(
    COMMAND "${compiler}" -std=${standard} -fsyntax-only ${warnings} -I "${dispatch}" ${ARGN} "${file}"
    OUTPUT_VARIABLE text ERROR_VARIABLE text RESULT_VARIABLE status)
  math(EXPR compiled "${compiled} + 1")
  set(compiled ${compiled} PARENT_SCOPE)
  if(NOT status EQUAL 0 OR NOT text STREQUAL "")
    message("${compiler} -std=${standard} ${file}:\n${text}")
    math(EXPR failures "${failures} + 1")
    set(failures ${failures} PARENT_SCOPE)
  endif()
endfunction()

# 1. Each header alone, in the first standard; all of them, in each. (Through a file, for a file of its own may well
#    leave macros unused.)
function(write_user name headers)
  list(TRANSFORM headers REPLACE "(.+)" "#include \"\\1\"\n" OUTPUT_VARIABLE lines)
  string(JOIN "" text ${lines})
  file(WRITE "${work}/${name}.c" "${text}extern int unused_;\n")
  file(COPY_FILE "${work}/${name}.c" "${work}/${name}.cc")
endfunction()
write_user(all_c "${c_headers}")
write_user(all "${c_headers};${cxx_headers}")
foreach(header IN LISTS c_headers cxx_headers)
  string(MAKE_C_IDENTIFIER "${header}" name)
  write_user(${name} "${header}")
  list(GET c 0 compiler)
  if(header MATCHES "[.]h$")
    expect_silence("${compiler}" c99 "${work}/${name}.c")
  endif()
  list(GET cxx 0 compiler)
  expect_silence("${compiler}" c++17 "${work}/${name}.cc")
endforeach()
foreach(standard c99 c11 c17 c2x)
  foreach(compiler IN LISTS c)
    expect_silence("${compiler}" ${standard} "${work}/all_c.c")
  endforeach()
endforeach()
foreach(standard c++17 c++20 c++2b)
  foreach(compiler IN LISTS cxx)
    expect_silence("${compiler}" ${standard} "${work}/all.cc")
  endforeach()
endforeach()

# 2. All zeros are the default options, in C and in C++. (C++ compilers remark on the members that are not named.)
file(WRITE "${work}/zero.c" "#include \"simdact/simdact.h\"
simdact_status all_columns(const float* x, float* y, size_t n);
simdact_status all_columns(const float* x, float* y, size_t n) {
  simdact_softmax_options o = {0};
  simdact_attention a = {0};
  if (simdact_attention_softmax_f32(x, y, &a) != SIMDACT_EMPTY_ROW) return SIMDACT_BAD_OPTION;
  return simdact_softmax_f32(x, y, 1, n, &o);
}
")
file(COPY_FILE "${work}/zero.c" "${work}/zero.cc")
foreach(compiler IN LISTS c)
  expect_silence("${compiler}" c99 "${work}/zero.c")
endforeach()
foreach(compiler IN LISTS cxx)
  expect_silence("${compiler}" c++17 "${work}/zero.cc" -Wno-missing-field-initializers
    -Wno-zero-as-null-pointer-constant)
endforeach()

# 3. Macros. Names of ops, of parameters, and what headers like to call their arguments. Members of structs cannot
#    be helped, nor, if they are no macros with arguments, what is called simdact::name.
set(ops "")
set(words x y n dy dx p rows cols batch channels inner gate up dgate dup op dtype target list capacity fma status
  options state other factor layout params attention dsinks input output Name number)
set(members value softcap limit layout target batch)
foreach(list activations gates)
  file(READ "${dispatch}/simdact/${list}.def" text)
  string(REGEX MATCHALL "X\\([A-Z][A-Za-z0-9]*, [a-z0-9_]+, [0-9]+, P[0-9](\\([^()]*\\))?" entries "${text}")
  foreach(entry IN LISTS entries)
    string(REGEX REPLACE "X\\([A-Za-z0-9]+, ([a-z0-9_]+),.*" "\\1" op "${entry}")
    list(APPEND ops ${op})
    string(REGEX MATCH "P[0-9]\\(.*" parameters "${entry}")
    string(REGEX MATCHALL "[a-z][a-z_]+" parameters "${parameters}")
    list(APPEND words ${parameters})
  endforeach()
endforeach()
list(LENGTH ops count)
if(count LESS 59)
  message(FATAL_ERROR "found ${count} ops and gates in the lists, which have 59 at least")
endif()
list(REMOVE_DUPLICATES words)
list(REMOVE_ITEM words ${members} ${ops})

set(objects "")
set(calls "")
set(uses "")
foreach(op IN LISTS ops)
  if(NOT op IN_LIST members)
    string(APPEND objects "#define ${op} 3\n")
  endif()
  string(APPEND calls "#define ${op}(x) (3 + (x))\n")
  string(APPEND uses "  pointers_to((void (*)(void))simdact_${op}_f32);\n")
endforeach()
foreach(word IN LISTS words)
  string(APPEND objects "#define ${word} 3\n")
  string(APPEND calls "#define ${word} 3\n")
endforeach()
set(letters "#define X 3\n#define Y 3\n#define C 3\n#define E 3\n#define T 3\n#define P 3\n#define P0 3\n#define P1 3\n"
  "#define FAST 3\n#define NO_FAST 3\n#define FULL 3\n#define EXACT 3\n#define BRIEF 3\n#define f32 3\n#define f64 3\n")
string(JOIN "" letters ${letters})
set(prologue "#include <stddef.h>\n#include <stdint.h>\n")
set(body "void pointers_to(void (*function)(void));\nvoid all(void);\nvoid all(void) {\n${uses}}\n")
file(WRITE "${work}/macros.c" "${prologue}${letters}${objects}#include \"simdact/simdact.h\"\n${body}")
file(COPY_FILE "${work}/macros.c" "${work}/macros.cc")
file(WRITE "${work}/macros_overloads.cc" "${prologue}${letters}${calls}#include \"simdact/simdact.hpp\"
void all(const float* in, float* out);
void all(const float* in, float* out) { (simdact::round)(in, out, 1); (simdact::gelu)(simdact::fast, in, out, 1); }
")
set(own_macros -Wno-unused-macros)
foreach(compiler IN LISTS c)
  expect_silence("${compiler}" c99 "${work}/macros.c" ${own_macros})
endforeach()
foreach(compiler IN LISTS cxx)
  expect_silence("${compiler}" c++17 "${work}/macros.cc" ${own_macros} -Wno-old-style-cast)
  expect_silence("${compiler}" c++17 "${work}/macros_overloads.cc" ${own_macros})
endforeach()

if(compiled LESS 20 OR NOT failures EQUAL 0)
  message(FATAL_ERROR "${failures} of ${compiled} compilations are not silent")
endif()
message("${compiled} compilations, with ${c} ${cxx}")
