// UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing past U+10FFFF. Thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

namespace assay {

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;
// The length in bytes of the well-formed character at the start of `text`; 0 if there is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text) noexcept;

}  // namespace assay
