// crypto: key files. A file that asks for more than a little work is not opened, only read.
#include "assay/crypto/keystore.hpp"

#include "assay/codec/json.hpp"
#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::crypto;

namespace {

bool is_cheap(std::string_view text) {
  const auto json = codec::parse_json(text, {.bytes_max = kKeystoreBytesMax});
  if (!json) return true;
  const codec::JsonRef params = codec::JsonRef(*json)["crypto"]["kdf"]["params"];
  for (const char* name : {"n", "r", "p", "c"}) {
    const auto cost = params[name].u64();
    if (cost && *cost > 16) return false;
  }
  return true;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text({data, size});
  const auto named = keystore_public_key(text);
  if (!is_cheap(text)) return 0;
  const auto key = open_key(text, "password");
  if (key) ASSAY_INVARIANT(named && key->public_key() == *named);
  const auto secret = decrypt_key(text, "password");
  if (key) ASSAY_INVARIANT(secret);
  const auto password = normalised_password(text.substr(0, 200));
  // Marks that only a control code kept apart change places once, as EIP-2335 has it.
  if (password) {
    const auto settled = normalised_password(*password);
    ASSAY_INVARIANT(settled && *normalised_password(*settled) == *settled);
  }
  return 0;
}
