// ABCI's bytes: messages in Protocol Buffers, each behind its length (docs/spec/abci.md). Pure
// functions, no I/O.
#pragma once

#include "assay/abci/request.hpp"
#include "assay/abci/response.hpp"

namespace assay::abci {

// A message within what was received.
struct Frame {
  ByteView message;      // a part of what parse_frame() was given
  std::size_t size = 0;  // with its length in front
};
// The first message of `bytes`; none if more of them must come first. Errors: kLimit, a length over
// `message_bytes_max`; kMalformed, a length that is not a varint in its shortest form.
[[nodiscard]] Result<std::optional<Frame>> parse_frame(ByteView bytes,
                                                       std::size_t message_bytes_max);

// kMalformed: bytes that are no message, or a value that its field cannot have; kUnsupported: a
// request that we do not know.
[[nodiscard]] Result<Request> decode_request(ByteView message);

// Appends the message behind its length. kLimit, and nothing is appended, if it is longer than
// `message_bytes_max`.
[[nodiscard]] Status append_response(const Response& response, std::size_t message_bytes_max,
                                     Bytes& out);

}  // namespace assay::abci
