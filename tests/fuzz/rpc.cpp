// rpc: any request is answered once, with one response, a batch of them or nothing; any response is
// read or refused.
#include "assay/rpc/client.hpp"
#include "assay/rpc/dispatcher.hpp"
#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::rpc;
using codec::Json;

namespace {

const Dispatcher& dispatcher() {
  static const Dispatcher* const kDispatcher = [] {
    auto* d = new Dispatcher;
    d->add({"types",
            "One parameter of each type.",
            {{"flag", Type::kBool, ""},
             {"number", Type::kNumber, "", true},
             {"amount", Type::kAmount, "", true},
             {"hash", Type::kHash, "", true},
             {"hex", Type::kHex, "", true},
             {"text", Type::kText, "", true},
             {"object", Type::kObject, "", true},
             {"list", Type::kList, "", true}},
            {{"hash", Type::kHash, ""}, {"amount", Type::kAmount, ""}, {"text", Type::kText, ""}},
            {ErrorCode::kLimit},
            immediate([](const Params& p) -> Result<Json> {
              if (!p.flag("flag")) return {ErrorCode::kLimit, "not now"};
              return Json::object(
                  {{"hash", to_hex(p.has("hash") ? p.hash("hash") : Hash256{})},
                   {"amount", std::to_string(p.has("amount") ? p.amount("amount")
                                                             : p.number_or("number", 0))},
                   {"text", p.has("hex") ? to_hex(p.bytes("hex")) : std::string()}});
            })});
    d->add({"lost", "Never answers.", {}, {}, {}, [](const Params&, const Reply&) {}});
    return d;
  }();
  return *kDispatcher;
}

void check_response(const Json& response) {
  const Json* version = response.find("jsonrpc");
  ASSAY_INVARIANT(version && *version == Json("2.0") && response.find("id"));
  ASSAY_INVARIANT((response.find("result") != nullptr) != (response.find("error") != nullptr));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text({data, size});
  unsigned answers = 0;
  std::string answer;
  dispatcher().handle(text, [&](std::string response) {
    ++answers;
    answer = std::move(response);
  });
  ASSAY_INVARIANT(answers == 1);
  if (!answer.empty()) {
    const Result<Json> json = codec::parse_json(answer, {.bytes_max = answer.size()});
    ASSAY_INVARIANT(json);
    if (const auto* batch = json->get<Json::Array>()) {
      ASSAY_INVARIANT(!batch->empty() && batch->size() <= kMaxBatch);
      for (const Json& response : *batch) check_response(response);
    } else {
      check_response(*json);
    }
  }
  const Result<Json> result = parse_response(7, text, 64 * 1024);
  if (result) ASSAY_INVARIANT(result->dump().size() < 8 * text.size());
  return 0;
}
