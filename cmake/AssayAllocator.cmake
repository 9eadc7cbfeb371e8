# assay_allocator(<program>): jemalloc in place of the C library's allocator. For the ledger's node, whose
# threads make and drop many small values beside each other (docs/adr/0025-allocator.md). A library never
# chooses the allocator of the program that links it, so this is for programs alone.
include_guard(GLOBAL)
include(CMakeDependentOption)
cmake_dependent_option(ASSAY_JEMALLOC "Use jemalloc in the ledger's node" ON "NOT ASSAY_FUZZ" OFF)
if(ASSAY_JEMALLOC)
  find_library(ASSAY_JEMALLOC_LIBRARY jemalloc)
  if(NOT ASSAY_JEMALLOC_LIBRARY)
    message(FATAL_ERROR "jemalloc is missing (Debian: libjemalloc-dev); -DASSAY_JEMALLOC=OFF does without")
  endif()
endif()

function(assay_allocator program)
  if(ASSAY_JEMALLOC)
    target_link_libraries(${program} PRIVATE ${ASSAY_JEMALLOC_LIBRARY})
  endif()
endfunction()
