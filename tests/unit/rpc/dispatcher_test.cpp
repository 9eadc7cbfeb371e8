#include "assay/rpc/dispatcher.hpp"

#include <gtest/gtest.h>

#include "assay/rpc/client.hpp"

namespace assay::rpc {
namespace {

using codec::Json;

struct World {
  Dispatcher dispatcher;
  int calls = 0;
  std::vector<Reply> waiting;

  World() {
    dispatcher.add({"sum",
                    "Adds.",
                    {{"a", Type::kNumber, "one"}, {"b", Type::kNumber, "other", true}},
                    {{"sum", Type::kNumber, "a + b"}},
                    {ErrorCode::kLimit},
                    immediate([this](const Params& p) -> Result<Json> {
                      ++calls;
                      if (p.number("a") > 1000) return {ErrorCode::kLimit, "too much"};
                      return Json::object({{"sum", p.number("a") + p.number_or("b", 0)}});
                    })});
    dispatcher.add(
        {"wait", "Answers later.", {}, {}, {}, [this](const Params&, const Reply& reply) {
           waiting.push_back(reply);
         }});
    dispatcher.add({"types",
                    "One of each.",
                    {{"flag", Type::kBool, ""},
                     {"amount", Type::kAmount, ""},
                     {"hash", Type::kHash, ""},
                     {"hex", Type::kHex, ""},
                     {"text", Type::kText, ""}},
                    {{"amount", Type::kAmount, ""}},
                    {},
                    immediate([](const Params& p) -> Result<Json> {
                      EXPECT_TRUE(p.flag("flag"));
                      EXPECT_EQ(p.hash("hash").bytes[0], 0xab);
                      EXPECT_EQ(p.bytes("hex"), (Bytes{1, 2}));
                      EXPECT_EQ(p.text("text"), "x");
                      return Json::object({{"amount", std::to_string(p.amount("amount"))}});
                    })});
  }
  std::string send(std::string_view request) {
    std::string answer = "(none yet)";
    dispatcher.handle(request, [&](std::string text) { answer = std::move(text); });
    return answer;
  }
};

TEST(Dispatcher, CallsByNameAndByPosition) {
  World w;
  EXPECT_EQ(w.send(R"({"jsonrpc":"2.0","method":"sum","params":{"a":1,"b":2},"id":7})"),
            R"({"id":7,"jsonrpc":"2.0","result":{"sum":3}})");
  EXPECT_EQ(w.send(R"({"jsonrpc":"2.0","method":"sum","params":[4],"id":"x"})"),
            R"({"id":"x","jsonrpc":"2.0","result":{"sum":4}})");
  EXPECT_EQ(w.send(R"({"jsonrpc":"2.0","method":"sum","params":{"a":2000},"id":null})"),
            R"({"error":{"code":-32007,"message":"too much"},"id":null,"jsonrpc":"2.0"})");
  const std::string hash = "ab" + std::string(62, '0');
  EXPECT_EQ(w.send(R"({"jsonrpc":"2.0","id":1,"method":"types","params":{"flag":true,"amount":)"
                   R"("18446744073709551615","hash":")" +
                   hash + R"(","hex":"0102","text":"x"}})"),
            R"({"id":1,"jsonrpc":"2.0","result":{"amount":"18446744073709551615"}})");
}

TEST(Dispatcher, NotificationsAreCarriedOutAndNotAnswered) {
  World w;
  EXPECT_EQ(w.send(R"({"jsonrpc":"2.0","method":"sum","params":[1]})"), "");
  EXPECT_EQ(w.calls, 1);
  EXPECT_EQ(w.send(R"({"jsonrpc":"2.0","method":"nothing"})"), "");
  EXPECT_EQ(w.send(R"({"jsonrpc":"2.0","method":"sum"})"), "");
  EXPECT_EQ(w.send(R"([{"jsonrpc":"2.0","method":"sum","params":[1]}])"), "");
  EXPECT_EQ(w.calls, 2);
}

int code_in(const std::string& response) {
  const auto json = codec::parse_json(response);
  EXPECT_TRUE(json) << response;
  const Json* error = json ? json->find("error") : nullptr;
  return error ? static_cast<int>(*error->find("code")->get<std::int64_t>()) : 0;
}

TEST(Dispatcher, ExactErrorCodes) {
  World w;
  EXPECT_EQ(code_in(w.send("{")), kParseError);
  EXPECT_EQ(code_in(w.send("")), kParseError);
  EXPECT_EQ(code_in(w.send(R"({"jsonrpc":"2.0","jsonrpc":"2.0"})")), kParseError);
  EXPECT_EQ(code_in(w.send(std::string(40, '[') + std::string(40, ']'))), kParseError);
  EXPECT_EQ(code_in(w.send(std::string(kMaxRequestBytes + 1, ' '))), kParseError);
  EXPECT_EQ(code_in(w.send("1")), kInvalidRequest);
  EXPECT_EQ(code_in(w.send("[]")), kInvalidRequest);
  for (const char* bad :
       {R"({"method":"sum","id":1})", R"({"jsonrpc":"1.0","method":"sum","id":1})",
        R"({"jsonrpc":"2.0","id":1})", R"({"jsonrpc":"2.0","method":1,"id":1})",
        R"({"jsonrpc":"2.0","method":"sum","params":1,"id":1})",
        R"({"jsonrpc":"2.0","method":"sum","params":[1],"id":{}})",
        R"({"jsonrpc":"2.0","method":"sum","params":[1],"id":1.5})",
        R"({"jsonrpc":"2.0","method":"sum","params":[1],"id":1,"x":1})"})
    EXPECT_EQ(code_in(w.send(bad)), kInvalidRequest) << bad;
  EXPECT_EQ(code_in(w.send(R"({"jsonrpc":"2.0","method":"none","id":1})")), kMethodNotFound);
  for (const char* bad :
       {R"({})", R"([])", R"({"a":"1"})", R"({"a":-1})", R"({"a":1.5})", R"([1,2,3])",
        R"({"a":1,"c":2})", R"({"a":null})", R"({"a":9007199254740992})"})
    EXPECT_EQ(code_in(w.send(R"({"jsonrpc":"2.0","method":"sum","id":1,"params":)" +
                             std::string(bad) + "}")),
              kInvalidParams)
        << bad;
  EXPECT_EQ(w.calls, 0);
}

TEST(Dispatcher, BatchesKeepTheirOrder) {
  World w;
  EXPECT_EQ(
      w.send(R"([{"jsonrpc":"2.0","method":"sum","params":[1],"id":1},1,)"
             R"({"jsonrpc":"2.0","method":"sum","params":[1]},)"
             R"({"jsonrpc":"2.0","method":"sum","params":[2],"id":2}])"),
      R"([{"id":1,"jsonrpc":"2.0","result":{"sum":1}},)"
      R"({"error":{"code":-32600,"message":"a request is an object"},"id":null,"jsonrpc":"2.0"},)"
      R"({"id":2,"jsonrpc":"2.0","result":{"sum":2}}])");
  std::string many = "[1";
  for (std::size_t i = 0; i < kMaxBatch; ++i) many += ",1";
  EXPECT_EQ(code_in(w.send(many + "]")), kInvalidRequest);
}

TEST(Dispatcher, AnswersMayComeLater) {
  World w;
  std::string answer;
  w.dispatcher.handle(R"([{"jsonrpc":"2.0","method":"wait","id":1},)"
                      R"({"jsonrpc":"2.0","method":"sum","params":[1],"id":2}])",
                      [&](std::string text) { answer = std::move(text); });
  EXPECT_EQ(answer, "");
  w.waiting[0].result(Json::object());
  EXPECT_EQ(
      answer,
      R"([{"id":1,"jsonrpc":"2.0","result":{}},{"id":2,"jsonrpc":"2.0","result":{"sum":1}}])");
  w.waiting[0].error(RpcError{});  // the first answer counts
  // A handler that forgets its caller does not leave it waiting.
  w.waiting.clear();
  answer.clear();
  w.dispatcher.handle(R"({"jsonrpc":"2.0","method":"wait","id":1})",
                      [&](std::string text) { answer = std::move(text); });
  w.waiting.clear();
  EXPECT_EQ(code_in(answer), kInternalError);
}

TEST(Dispatcher, ListsItsMethods) {
  World w;
  const std::string answer = w.send(R"({"jsonrpc":"2.0","method":"rpc_methods","id":1})");
  EXPECT_NE(answer.find(R"("name":"sum")"), std::string::npos);
  EXPECT_EQ(table_row(w.dispatcher.methods().find("sum")->second),
            "| `sum` | Adds. | `a` number, `b` number? | `sum` number | -32007 |");
}

// The examples of jsonrpc.org/specification, section 7, with methods of our own.
TEST(Dispatcher, TheSpecificationsExamples) {
  World w;
  const char* const kParse = R"({"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz])";
  EXPECT_EQ(code_in(w.send(kParse)), kParseError);
  EXPECT_EQ(code_in(w.send(R"([{"jsonrpc": "2.0", "method": "sum", "params": [1], "id": "1"},
                               {"jsonrpc": "2.0", "method")")),
            kParseError);
  EXPECT_EQ(code_in(w.send(R"({"jsonrpc": "2.0", "method": 1, "params": "bar"})")),
            kInvalidRequest);
  for (const char* request : {kParse, R"({"jsonrpc": "2.0", "method": 1, "params": "bar"})", "[]"})
    EXPECT_NE(w.send(request).find(R"("id":null)"), std::string::npos) << request;
  const auto errors = codec::parse_json(w.send("[1,2,3]"));
  ASSERT_EQ(errors->get<Json::Array>()->size(), 3u);
  const auto mixed =
      codec::parse_json(w.send(R"([{"jsonrpc": "2.0", "method": "sum", "params": [1, 2], "id": "1"},
                 {"jsonrpc": "2.0", "method": "sum", "params": [7]},
                 {"foo": "boo"},
                 {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "x"}, "id": "5"},
                 {"jsonrpc": "2.0", "method": "sum", "params": [4], "id": "9"}])"));
  const auto& answers = *mixed->get<Json::Array>();
  ASSERT_EQ(answers.size(), 4u) << "one for each but the notification";
  EXPECT_EQ(*answers[0].find("result")->find("sum"), Json(3));
  EXPECT_EQ(*answers[1].find("error")->find("code"), Json(kInvalidRequest));
  EXPECT_TRUE(answers[1].find("id")->is_null());
  EXPECT_EQ(*answers[2].find("error")->find("code"), Json(kMethodNotFound));
  EXPECT_EQ(*answers[3].find("result")->find("sum"), Json(4));
}

TEST(Dispatcher, CallersHaveLimitsAndAreKnownToMethods) {
  World w;
  std::size_t allowed = 2;
  Caller caller;
  caller.address = "10.0.0.1";
  caller.may_call = [&](std::size_t calls) {
    if (calls > allowed) return false;
    allowed -= calls;
    return true;
  };
  std::string seen;
  w.dispatcher.add({"who", "Who asks.", {}, {}, {}, [&](const Params&, const Reply& reply) {
                      seen = reply.caller().address;
                      reply.result(Json::object());
                    }});
  const auto send = [&](const char* request) {
    std::string answer;
    w.dispatcher.handle(
        request, [&](std::string text) { answer = std::move(text); }, caller);
    return answer;
  };
  EXPECT_EQ(code_in(send(R"({"jsonrpc":"2.0","method":"who","id":1})")), 0);
  EXPECT_EQ(seen, "10.0.0.1");
  EXPECT_EQ(allowed, 2u) << "the first call is counted where it comes in";
  EXPECT_NE(send("[1,2,3]").find("-32600"), std::string::npos);
  EXPECT_EQ(allowed, 0u);
  EXPECT_EQ(code_in(send("[1,2]")), kTooManyCalls);
  EXPECT_EQ(from_rpc_error({kTooManyCalls, ""}).code, ErrorCode::kUnavailable);
}

TEST(Dispatcher, TellsAnObserver) {
  World w;
  std::vector<std::pair<std::string, int>> calls;
  w.dispatcher.observe(
      [&](std::string_view method, int code, std::uint64_t) { calls.emplace_back(method, code); });
  (void)w.send(R"({"jsonrpc":"2.0","method":"sum","params":[1],"id":1})");
  (void)w.send(R"({"jsonrpc":"2.0","method":"sum","params":[2000],"id":1})");
  (void)w.send(R"({"jsonrpc":"2.0","method":"none","id":1})");
  (void)w.send("{");
  const std::vector<std::pair<std::string, int>> expected{
      {"sum", 0}, {"sum", -32007}, {"", kMethodNotFound}, {"", kParseError}};
  EXPECT_EQ(calls, expected);
}

// Every "$ref" leads somewhere.
void expect_references(const Json& root, const Json& at) {
  if (const auto* members = at.get<Json::Object>()) {
    if (const Json* reference = at.find("$ref")) {
      const std::string& text = *reference->get<std::string>();
      ASSERT_TRUE(text.starts_with("#/components/schemas/")) << text;
      EXPECT_TRUE(root.find("components")->find("schemas")->find(text.substr(21))) << text;
    }
    for (const auto& [name, value] : *members) expect_references(root, value);
  }
  if (const auto* items = at.get<Json::Array>())
    for (const Json& item : *items) expect_references(root, item);
}

TEST(OpenRpc, DescribesEveryMethod) {
  World w;
  const auto answer = codec::parse_json(
      w.send(R"({"jsonrpc":"2.0","method":"rpc.discover","id":1})"), {1 << 20, 32, 1 << 20});
  ASSERT_TRUE(answer);
  const Json& document = *answer->find("result");
  EXPECT_EQ(*document.find("openrpc"), Json(kOpenRpcVersion));
  EXPECT_TRUE(document.find("info")->find("title")->get<std::string>());
  EXPECT_TRUE(document.find("info")->find("version")->get<std::string>());
  const auto& methods = *document.find("methods")->get<Json::Array>();
  ASSERT_EQ(methods.size(), w.dispatcher.methods().size());
  auto registered = w.dispatcher.methods().begin();
  for (const Json& method : methods) {
    const Method& original = (registered++)->second;
    EXPECT_EQ(*method.find("name"), Json(original.name));
    const auto& params = *method.find("params")->get<Json::Array>();
    ASSERT_EQ(params.size(), original.params.size());
    bool optional_seen = false;
    for (std::size_t i = 0; i < params.size(); ++i) {
      EXPECT_EQ(*params[i].find("name"), Json(original.params[i].name));
      EXPECT_TRUE(params[i].find("schema"));
      // OpenRPC: a required parameter never follows an optional one.
      const bool required = *params[i].find("required")->get<bool>();
      EXPECT_FALSE(required && optional_seen) << original.name;
      optional_seen = optional_seen || !required;
    }
    const Json* properties = method.find("result")->find("schema")->find("properties");
    for (const Field& field : original.result) EXPECT_TRUE(properties->find(field.name));
    EXPECT_EQ(method.find("errors")->get<Json::Array>()->size(), original.errors.size());
  }
  expect_references(document, document);
}

TEST(RpcClient, CallsThroughADispatcher) {
  World w;
  RpcClient client(
      [&](const std::string& body) -> Result<Bytes> { return to_bytes(as_bytes(w.send(body))); });
  const auto sum = client.call("sum", Json::object({{"a", 2}, {"b", 3}}));
  ASSERT_TRUE(sum);
  EXPECT_EQ(*sum, Json::object({{"sum", 5}}));
  EXPECT_EQ(client.call("sum", Json::object({{"a", 2000}})).error().code, ErrorCode::kLimit);
  EXPECT_EQ(client.call("sum", Json::object()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(client.call("none", Json::object()).error().code, ErrorCode::kUnsupported);
}

TEST(RpcClient, TrustsNoAnswer) {
  for (const char* bad :
       {"", "1", "[]", "{}", R"({"jsonrpc":"2.0","id":1})",
        R"({"jsonrpc":"2.0","id":2,"result":1})", R"({"jsonrpc":"1.0","id":1,"result":1})",
        R"({"jsonrpc":"2.0","id":"1","result":1})", R"({"jsonrpc":"2.0","result":1})",
        R"({"jsonrpc":"2.0","id":1,"result":1,"error":{}})",
        R"({"jsonrpc":"2.0","id":1,"error":{}})",
        R"({"jsonrpc":"2.0","id":1,"error":{"code":"1"}})",
        R"({"jsonrpc":"2.0","id":1,"error":{"code":-9999999999,"message":""}})",
        R"({"jsonrpc":"2.0","id":null,"result":1})"})
    EXPECT_EQ(parse_response(1, bad, 1000).error().code, ErrorCode::kMalformed) << bad;
  EXPECT_EQ(parse_response(1, R"({"jsonrpc":"2.0","id":1,"result":1})", 1000).value(), Json(1));
  EXPECT_EQ(parse_response(1, R"({"jsonrpc":"2.0","id":1,"result":1})", 10).error().code,
            ErrorCode::kLimit);
}

TEST(RpcError, EveryErrorCodeSurvivesTheWire) {
  for (int c = 1; c <= static_cast<int>(ErrorCode::kInternal); ++c) {
    const Error error{static_cast<ErrorCode>(c), "words"};
    EXPECT_EQ(from_rpc_error(to_rpc_error(error)).code, error.code);
  }
}

}  // namespace
}  // namespace assay::rpc
