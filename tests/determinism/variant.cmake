# cmake -DVARIANT=gcc_O0|clang_O3|.. -DSOURCE= -DBINARY= -DRECORDED= [-DWAYS=brief] [-DLAUNCHER=]
#   -P variant.cmake
# Builds the digest program with that compiler and optimisation, and runs it.
string(REPLACE "_" ";" parts ${VARIANT})
list(GET parts 0 compiler)
list(GET parts 1 level)
if(compiler STREQUAL "gcc")
  set(cc gcc)
  set(cxx g++)
else()
  set(cc clang-14)
  set(cxx clang++-14)
endif()
find_program(found ${cxx})
if(NOT found)
  message(FATAL_ERROR "${cxx} is not installed")
endif()

function(must_run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${VARIANT}: failed: ${ARGN}")
  endif()
endfunction()

must_run(${CMAKE_COMMAND} -S ${SOURCE} -B ${BINARY} -G Ninja
  -DCMAKE_C_COMPILER=${cc} -DCMAKE_CXX_COMPILER=${cxx} -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}
  -DCMAKE_BUILD_TYPE=None "-DCMAKE_CXX_FLAGS=-${level}" -DASSAY_WERROR=OFF
  -DASSAY_BUILD_APPS=OFF -DASSAY_BUILD_EXAMPLES=OFF -DASSAY_BUILD_BENCH=OFF)
must_run(${CMAKE_COMMAND} --build ${BINARY} --target determinism_digest)
must_run(${BINARY}/tests/determinism/determinism_digest ${RECORDED} ${WAYS})
