# Runs tools/bench_compare.py on two small files: what changed, what is noise, what is in one file only; and on
# files that it cannot take. Variables: python, script, data.

# check(status expected... ARGS argument...): the exit status, and texts (as regular expressions) of the output.
function(check status)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "ARGS")
  execute_process(COMMAND "${python}" "${script}" ${arg_ARGS}
    OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE got)
  if(NOT got STREQUAL status)
    message(SEND_ERROR "bench_compare.py ${arg_ARGS}: status ${got}, not ${status}\n${output}${errors}")
  endif()
  foreach(expected IN LISTS arg_UNPARSED_ARGUMENTS)
    if(NOT "${output}${errors}" MATCHES "${expected}")
      message(SEND_ERROR "bench_compare.py ${arg_ARGS}: no '${expected}' in\n${output}${errors}")
    endif()
  endforeach()
endfunction()

set(old "${data}/bench_old.json")
set(new "${data}/bench_new.json")
# Medians per element: 2060 -> 1030 ns and 4096 -> 8200 ns for 4096 elements. tanh's repetitions overlap, relu
# changes by 1 %, dispatch counts no elements.
check(0
  "exp[^\n]* 0\\.5029 +0\\.2515 +0\\.500 faster\n"
  "gelu[^\n]* 1\\.0000 +2\\.0020 +2\\.002 slower\n"
  "tanh[^\n]* 1\\.115\n"
  "relu/forward[^\n]* 1\\.010\n"
  "dispatch[^\n]* 2\\.0000 +2\\.5000 +1\\.250 slower\n"
  "only in OLD: erf/forward/f32/accurate/AVX2/4096\n"
  "only in NEW: mish/forward/f32/accurate/AVX2/4096\n"
  "\n5 rows: 1 faster, 2 slower; geometric mean of new/old 1\\.07"
  ARGS "${old}" "${new}")
check(0 "relu/forward[^\n]* slower\n" "5 rows: 1 faster, 3 slower" ARGS "${old}" "${new}" --min-change 0.5%)
check(0 "^row[^\n]*\nexp[^\n]* faster\n1 rows: 1 faster, 0 slower" ARGS "${old}" "${new}" --filter ^exp/ --changed)
check(0 "^row[^\n]*\n6 rows: 0 faster, 0 slower; geometric mean of new/old 1.000" ARGS "${old}" "${old}" --changed)
check(2 "^bench_compare.py: cannot read [^\n]*/none.json: [^\n]*\n$" ARGS "${old}" "${data}/none.json")
check(2 "^bench_compare.py: [^\n]* is no result of Google Benchmark in JSON: [^\n]*\n$" ARGS "${script}" "${new}")
check(2 "is no percentage" ARGS "${old}" "${new}" --min-change much)
