#include "internal/toml_file.hpp"

#include <toml++/toml.h>
#include <sstream>

namespace assay::cli::internal {

namespace {

Result<std::string> text_of(const toml::node& node, const std::string& key) {
  if (const auto* s = node.as_string()) return s->get();
  if (const auto* i = node.as_integer()) return std::to_string(i->get());
  if (const auto* b = node.as_boolean()) return std::string(b->get() ? "true" : "false");
  if (const auto* f = node.as_floating_point()) {
    std::ostringstream out;
    out << f->get();
    return out.str();
  }
  return {ErrorCode::kInvalidArgument,
          key + ": expected a string, a number, true, false or a list of them"};
}

}  // namespace

Result<std::map<std::string, std::vector<std::string>>> read_toml_file(const std::string& path) {
  std::map<std::string, std::vector<std::string>> values;
  try {
    const toml::table table = toml::parse_file(path);
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      auto& texts = values[name];
      if (const auto* array = node.as_array()) {
        for (const auto& item : *array) {
          ASSAY_TRY(std::string text, text_of(item, name));
          texts.push_back(std::move(text));
        }
      } else {
        ASSAY_TRY(std::string text, text_of(node, name));
        texts.push_back(std::move(text));
      }
    }
  } catch (const toml::parse_error& e) {
    std::ostringstream out;
    out << path << ":" << e.source().begin.line << ": " << e.description();
    return {ErrorCode::kInvalidArgument, out.str()};
  }
  return values;
}

}  // namespace assay::cli::internal
