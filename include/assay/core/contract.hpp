// Contracts that stay on in release builds. A broken contract is a bug of ours: the process names
// the file, the line and the expression, and aborts. Never use them on what a peer, a file or a
// user gave. Freestanding (under ASSAY_FREESTANDING a broken contract traps).
#pragma once

namespace assay {

[[noreturn]] void contract_failed(const char* kind, const char* expression, const char* file,
                                  int line) noexcept;

}  // namespace assay

#ifdef ASSAY_FREESTANDING
#define ASSAY_CONTRACT(kind, ...) (static_cast<bool>(__VA_ARGS__) ? void(0) : __builtin_trap())
#else
#define ASSAY_CONTRACT(kind, ...) \
  (static_cast<bool>(__VA_ARGS__) \
       ? void(0)                  \
       : ::assay::contract_failed(kind, #__VA_ARGS__, __FILE__, __LINE__))
#endif

#define ASSAY_EXPECTS(...) ASSAY_CONTRACT("precondition", __VA_ARGS__)
#define ASSAY_ENSURES(...) ASSAY_CONTRACT("postcondition", __VA_ARGS__)
#define ASSAY_INVARIANT(...) ASSAY_CONTRACT("invariant", __VA_ARGS__)

// Expensive re-checks (sums recomputed, bytes hashed again): tests and the simulator only.
#if defined(ASSAY_AUDIT) && ASSAY_AUDIT
#define ASSAY_AUDIT_THAT(...) ASSAY_CONTRACT("audit", __VA_ARGS__)
#else
#define ASSAY_AUDIT_THAT(...) void(0)
#endif
