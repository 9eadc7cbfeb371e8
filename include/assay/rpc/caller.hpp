// Who makes a call, as far as methods may know it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace assay::rpc {

// A caller that stays and hears of things: a WebSocket. Thread-safe.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  // False, and nothing is sent, while its queue has no room; it tells when it has some again.
  virtual bool notify(const std::string& text) = 0;
};

struct Caller {
  std::string address;                     // net::address_group; empty: not known
  bool trusted = false;                    // an address of one's own
  std::shared_ptr<Subscriber> subscriber;  // none: a plain request, answered once
  // Whether so many calls besides the first are allowed now; none: all are.
  std::function<bool(std::size_t calls)> may_call;
};

}  // namespace assay::rpc
