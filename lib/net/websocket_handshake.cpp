#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "assay/core/contract.hpp"
#include "assay/net/websocket.hpp"

namespace assay::net {

namespace {

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) ==
                  std::tolower(static_cast<unsigned char>(y));
         });
}

// Whether a header that is a list of words, perhaps in several lines, has this one.
bool lists(const HttpHeaders& headers, std::string_view name, std::string_view word) {
  for (const auto& [key, value] : headers.all()) {
    if (!same_word(key, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      std::string_view item = rest.substr(0, comma);
      while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
      while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
      if (same_word(item, word)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

// 16 bytes in base64: 22 digits and "==".
bool is_key(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") &&
         std::all_of(key.begin(), key.end() - 2, [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/';
         });
}

// Section 1.3. SHA-1 protects nothing here: it shows that the server speaks WebSocket.
std::string accept_of(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  const int done =
      EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha1(), nullptr);
  ASSAY_ENSURES(done == 1 && length == 20);
  std::array<unsigned char, 32> encoded;
  const int written = EVP_EncodeBlock(encoded.data(), digest.data(), 20);
  return {encoded.begin(), encoded.begin() + written};
}

}  // namespace

Upgrade check_upgrade(const HttpRequest& request) {
  if (!lists(request.headers, "Upgrade", "websocket")) return {};
  const auto key = request.headers.find("Sec-WebSocket-Key");
  if (request.method != "GET" || !request.body.empty() || !key || !is_key(*key) ||
      !lists(request.headers, "Connection", "upgrade"))
    return {UpgradeVerdict::kMalformed, {}};
  if (request.headers.find("Sec-WebSocket-Version") != "13")
    return {UpgradeVerdict::kWrongVersion, {}};
  return {UpgradeVerdict::kAccepted, accept_of(*key)};
}

}  // namespace assay::net
