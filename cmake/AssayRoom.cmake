# The one way a room is declared. A room is include/assay/<room>/, lib/<room>/, tests/unit/<room>/ and
# the target assay::<room>.
include_guard(GLOBAL)
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(ASSAY_ROOMS "" CACHE INTERNAL "")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

# Private to the project: nothing here reaches those who link assay. Contraction is off everywhere,
# so that no compiler turns a*b+c into an fma that the numeric profile does not name.
add_library(assay_flags INTERFACE)
target_compile_options(assay_flags INTERFACE
  -ffp-contract=off -fno-fast-math -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wimplicit-fallthrough
  # GCC 12 takes "text" + std::string&& for an overlapping copy (PR 105329).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<BOOL:${ASSAY_WERROR}>:-Werror>)
target_compile_definitions(assay_flags INTERFACE $<$<BOOL:${ASSAY_AUDIT}>:ASSAY_AUDIT=1>)

function(assay_level level)
  foreach(room IN LISTS ARGN)
    set(ASSAY_ROOMS "${ASSAY_ROOMS};${room}" CACHE INTERNAL "")
    set(ASSAY_LEVEL_${room} ${level} CACHE INTERNAL "")
  endforeach()
endfunction()

function(assay_add_rooms)
  foreach(room IN LISTS ASSAY_ROOMS)
    if(room)  # the list begins with an empty item
      add_subdirectory(${PROJECT_SOURCE_DIR}/lib/${room} ${PROJECT_BINARY_DIR}/lib/${room})
    endif()
  endforeach()
endfunction()

# assay_room(<room> SOURCES a.cpp ... [USES lower rooms] [PRIVATE third-party targets])
function(assay_room room)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;PRIVATE" ${ARGN})
  if(NOT DEFINED ASSAY_LEVEL_${room})
    message(FATAL_ERROR "room '${room}' has no level in the top CMakeLists.txt")
  endif()
  file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/assay/${room}/*.hpp)
  add_library(assay_${room} STATIC ${ARG_SOURCES})
  add_library(assay::${room} ALIAS assay_${room})
  set_target_properties(assay_${room} PROPERTIES EXPORT_NAME ${room})
  target_sources(assay_${room} PUBLIC FILE_SET HEADERS
    BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${headers})
  target_include_directories(assay_${room} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_features(assay_${room} PUBLIC cxx_std_20)
  target_link_libraries(assay_${room} PRIVATE $<BUILD_INTERFACE:assay_flags>)
  foreach(lower IN LISTS ARG_USES)
    if(NOT ASSAY_LEVEL_${lower} LESS ASSAY_LEVEL_${room})
      message(FATAL_ERROR "room '${room}' may not use '${lower}': it is not of a lower level")
    endif()
    target_link_libraries(assay_${room} PUBLIC assay_${lower})
  endforeach()
  target_link_libraries(assay_${room} PRIVATE ${ARG_PRIVATE})
  install(TARGETS assay_${room} EXPORT assay-targets ARCHIVE FILE_SET HEADERS)
endfunction()

# assay_tests(<name> LABELS ... USES rooms ... [SOURCES ...]): one test program; by default all
# *_test.cpp of the current folder.
function(assay_tests name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;USES;LABELS;PRIVATE;DEFINITIONS" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB ARG_SOURCES CONFIGURE_DEPENDS *_test.cpp)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  find_package(GTest REQUIRED)
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE assay_flags GTest::gmock_main ${ARG_PRIVATE})
  foreach(room IN LISTS ARG_USES)
    target_link_libraries(${name} PRIVATE assay_${room})
  endforeach()
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE
    ASSAY_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/vectors" ${ARG_DEFINITIONS})
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()

function(assay_install)
  install(EXPORT assay-targets NAMESPACE assay:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/assay)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/assay-config.cmake.in
    ${PROJECT_BINARY_DIR}/assay-config.cmake
    INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/assay)
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/assay-config-version.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/assay-config.cmake
    ${PROJECT_BINARY_DIR}/assay-config-version.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/assay)
endfunction()
