#include <openssl/evp.h>

#include <memory>

#include "assay/core/contract.hpp"
#include "internal/sha256_kernels.hpp"

namespace assay::crypto::internal {

namespace {

struct Context {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_MD* md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Context() { ASSAY_INVARIANT(context != nullptr && md != nullptr); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(md);
  }
};

}  // namespace

void sha256_openssl(const ByteView* parts, std::size_t count, std::uint8_t* digest32) {
  // Setting up a context costs three times what hashing a tree node does: one a thread, reused.
  thread_local const Context reused;
  bool ok = EVP_DigestInit_ex2(reused.context, reused.md, nullptr) == 1;
  for (std::size_t i = 0; i < count && ok; ++i)
    ok = EVP_DigestUpdate(reused.context, parts[i].data(), parts[i].size()) == 1;
  ok = ok && EVP_DigestFinal_ex(reused.context, digest32, nullptr) == 1;
  ASSAY_INVARIANT(ok);
}

}  // namespace assay::crypto::internal
