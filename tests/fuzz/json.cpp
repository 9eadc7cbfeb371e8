// codec: JSON. What parses is written and read back as the same value.
#include "assay/codec/json.hpp"

#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::codec;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text({data, size});
  const JsonLimits limits{64 * 1024, 16, 4096};
  const Result<Json> json = parse_json(text, limits);
  if (!json) {
    ASSAY_INVARIANT(!json.error().message.empty());
    return 0;
  }
  for (const unsigned indent : {0U, 2U}) {
    const std::string dumped = json->dump(indent);
    const Result<Json> again = parse_json(dumped, {dumped.size(), 16, 4096});
    ASSAY_INVARIANT(again && *again == *json);
    ASSAY_INVARIANT(again->dump(indent) == dumped);
  }
  return 0;
}
