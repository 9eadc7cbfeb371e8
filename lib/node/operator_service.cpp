#include "assay/node/operator_service.hpp"

#include "assay/host/log.hpp"

namespace assay::node {

using codec::Json;
using rpc::Field;
using rpc::immediate;
using rpc::Params;
using rpc::Type;

namespace {

Json limits_json(const net::RateLimiter& limiter) {
  const net::RateLimits limits = limiter.limits();
  return Json::object({{"calls_per_s", limits.calls_per_s},
                       {"burst", limits.burst},
                       {"addresses", limiter.addresses()}});
}

}  // namespace

void register_operator_methods(rpc::Dispatcher& d, const OperatorFace& face) {
  d.add({"shut_down",
         "Ends the node in order, after this answer.",
         {},
         {{"stopping", Type::kBool, "true"}},
         {},
         [face](const Params&, const rpc::Reply& reply) {
           reply.result(Json::object({{"stopping", true}}));
           face.shut_down();
         }});
  d.add({"log_level",
         "The least level that is logged; sets it first, if one is given.",
         {{"level", Type::kText, "debug, info, warning or error", true}},
         {{"level", Type::kText, "now"}},
         {ErrorCode::kInvalidArgument},
         immediate([face](const Params& params) -> Result<Json> {
           if (params.has("level")) {
             ASSAY_TRY(const LogLevel level, host::parse_log_level(params.text("level")));
             face.set_log_level(level);
           }
           return Json::object({{"level", host::name_of(face.log_level())}});
         })});
  d.add({"limits",
         "The limits of strangers' calls, by address; sets those first that are given.",
         {{"calls_per_s", Type::kNumber, "0: none at all", true},
          {"burst", Type::kNumber, "at once after a rest", true}},
         {{"calls_per_s", Type::kNumber, "now"},
          {"burst", Type::kNumber, "now"},
          {"addresses", Type::kNumber, "that are remembered"}},
         {},
         immediate([face](const Params& params) -> Result<Json> {
           const net::RateLimits old = face.limiter->limits();
           face.limiter->set_limits({params.number_or("calls_per_s", old.calls_per_s),
                                     params.number_or("burst", old.burst)});
           return limits_json(*face.limiter);
         })});
  d.add({"peers",
         "Who is connected, by address.",
         {},
         {{"peers", Type::kList, "address, connections, websockets of each"}},
         {},
         immediate([face](const Params&) -> Result<Json> {
           Json list = Json::array();
           for (const net::AddressUse& use : face.connections())
             list.push_back(Json::object({{"address", use.address},
                                          {"connections", use.connections},
                                          {"websockets", use.websockets}}));
           return Json::object({{"peers", std::move(list)}});
         })});
}

}  // namespace assay::node
