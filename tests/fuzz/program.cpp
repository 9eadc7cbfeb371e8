// graph: programs, the validator over whatever decodes, and what may be asked of a valid program.
#include "assay/graph/meter.hpp"
#include "assay/graph/validator.hpp"
#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::graph;

namespace {

void check(const Validation& validation) {
  ASSAY_INVARIANT(to_string(validation.verdict)[0] != '?');
  ASSAY_INVARIANT(validation.program.has_value() == (validation.verdict == ProgramVerdict::kValid));
  if (!validation.program) return;
  const Program& program = validation.program->program();
  ASSAY_INVARIANT(root_of(program) == validation.program->root());
  ASSAY_INVARIANT(work_of(program).output_bytes <= kMaxStepBytes);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes{data, size};
  const Result<Program> program = decode_program(bytes);
  if (!program) return 0;
  ASSAY_INVARIANT(equal_bytes(encode_program(*program), bytes));
  ASSAY_INVARIANT(root_of(*program) == root_of(*decode_program(bytes)));  // of what is invalid, too
  ASSAY_INVARIANT(!to_text(*program).empty() || program->nodes.empty());
  const Validation init = validate_init(*program);
  check(init);
  check(validate_alone(*program));
  if (init.program) check(validate_step(*program, *init.program));
  return 0;
}
