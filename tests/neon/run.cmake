# cmake -DSOURCE= -DBINARY= -DLAUNCHER= -DCXX= -DQEMU= [-DFILTER=] -P run.cmake
if(NOT FILTER)
  set(FILTER *)
endif()
function(must_run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "failed: ${ARGN}")
  endif()
endfunction()

must_run(${CMAKE_COMMAND} -S ${SOURCE} -B ${BINARY} -G Ninja -DCMAKE_BUILD_TYPE=Release
  -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_CXX_COMPILER=${CXX}
  -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
must_run(${CMAKE_COMMAND} --build ${BINARY})
must_run(${QEMU} -L /usr/aarch64-linux-gnu ${BINARY}/numerics_neon_tests --gtest_brief=1
  --gtest_filter=${FILTER})
