# Runs every bench for one iteration. Google Benchmark tells a bench's error in its output, and ends with 0.
execute_process(COMMAND ${PROGRAM} --benchmark_min_time=0.000001 --benchmark_filter=-1000000
                RESULT_VARIABLE result OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
message("${output}")
if(output MATCHES "ERROR OCCURRED")
  message(FATAL_ERROR "a bench refuses what it measured")
endif()
