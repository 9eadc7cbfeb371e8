# Needs everything built that is installed.
set(prefix ${WORK}/prefix)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

function(must)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " words)
    message(FATAL_ERROR "${words}: ${result}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

must(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})

# A package can be moved and outlives the build.
file(GLOB configs ${prefix}/lib*/cmake/assay/*.cmake ${prefix}/lib*/*/cmake/assay/*.cmake)
foreach(config IN LISTS configs)
  file(READ ${config} text)
  string(FIND "${text}" ${BUILD} at)
  if(NOT at EQUAL -1)
    message(FATAL_ERROR "${config} names the build folder")
  endif()
endforeach()

# Lying parties, test helpers and folders named internal stay at home.
file(GLOB_RECURSE files RELATIVE ${prefix} ${prefix}/*)
foreach(file IN LISTS files)
  if(file MATCHES "internal/|lying|cheats|_test|tests/|gtest")
    message(FATAL_ERROR "${file} must not be installed")
  endif()
endforeach()

# Every header, in one file: each that is there includes only what is installed with it.
file(GLOB_RECURSE headers RELATIVE ${prefix}/include ${prefix}/include/assay/*.hpp)
list(LENGTH headers count)
if(count LESS 100)
  message(FATAL_ERROR "only ${count} headers were installed")
endif()
list(TRANSFORM headers PREPEND "#include <")
list(TRANSFORM headers APPEND ">\n")
file(WRITE ${WORK}/all_headers.cpp ${headers})

must(${CMAKE_COMMAND} -S ${CONSUMER} -B ${WORK}/build -G ${GENERATOR}
  -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_CXX_COMPILER=${CXX} -D CMAKE_BUILD_TYPE=${BUILD_TYPE}
  -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} -D "CMAKE_CXX_FLAGS=${CXX_FLAGS}"
  -D EXAMPLES=${EXAMPLES} -D ALL_HEADERS=${WORK}/all_headers.cpp)
must(${CMAKE_COMMAND} --build ${WORK}/build)
must(${WORK}/build/consumer ${WORK}/evidence)
message("${count} headers installed; the consumer says:\n${output}")
