# Configures the project with flags that break IEEE 754 arithmetic: each must be refused by name.
foreach(flag -ffast-math -Ofast -funsafe-math-optimizations -ffp-contract=fast)
  file(REMOVE_RECURSE ${BINARY_DIR})
  execute_process(
    COMMAND ${CMAKE_COMMAND} -S ${SOURCE_DIR} -B ${BINARY_DIR} -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${CXX}
            "-DCMAKE_CXX_FLAGS=-O2 ${flag}"
    RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE error)
  if(result EQUAL 0 OR NOT error MATCHES "contains ${flag}")
    message(FATAL_ERROR "${flag} was not refused by name: ${error}")
  endif()
endforeach()
