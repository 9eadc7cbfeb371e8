#include "internal/toml_file.hpp"

#include <toml++/toml.h>
#include <charconv>
#include <sstream>

namespace assay::cli::internal {

namespace {

Result<std::string> text_of(const toml::node& node, const std::string& key) {
  if (const auto* s = node.as_string()) return s->get();
  if (const auto* i = node.as_integer()) return std::to_string(i->get());
  if (const auto* b = node.as_boolean()) return std::string(b->get() ? "true" : "false");
  if (const auto* f = node.as_floating_point()) {
    char text[32];  // the shortest that reads back as the same
    return std::string(text, std::to_chars(text, text + sizeof text, f->get()).ptr);
  }
  return {ErrorCode::kInvalidArgument,
          key + ": expected a string, a number, true, false or a list of them"};
}

Result<models::Setting> setting_of(const toml::node& node, const std::string& field) {
  if (const auto* s = node.as_string()) return models::Setting(s->get());
  if (const auto* i = node.as_integer()) return models::Setting(i->get());
  if (const auto* b = node.as_boolean()) return models::Setting(b->get());
  if (const auto* f = node.as_floating_point()) return models::Setting(f->get());
  const Error error{ErrorCode::kInvalidArgument,
                    field + ": expected a text, a number, true, false or a list of whole numbers"};
  const auto* array = node.as_array();
  if (array == nullptr) return error;
  std::vector<std::int64_t> values;
  for (const auto& item : *array) {
    const auto* i = item.as_integer();
    if (i == nullptr) return error;
    values.push_back(i->get());
  }
  return models::Setting(std::move(values));
}

Error explain(const std::string& path, const toml::parse_error& e) {
  std::ostringstream out;
  out << path << ":" << e.source().begin.line << ": " << e.description();
  return {ErrorCode::kInvalidArgument, out.str()};
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
    return explain(path, e);
  }
  return values;
}

Result<std::map<std::string, models::Settings>> read_toml_tables(const std::string& path) {
  std::map<std::string, models::Settings> tables;
  try {
    const toml::table file = toml::parse_file(path);
    for (const auto& [key, node] : file) {
      const std::string name(key.str());
      const auto* table = node.as_table();
      if (table == nullptr)
        return {ErrorCode::kInvalidArgument,
                path + ": " + name + " must be a table, [" + name + "]"};
      models::Settings& settings = tables[name];
      for (const auto& [field, value] : *table) {
        const std::string field_name(field.str());
        ASSAY_TRY(models::Setting setting,
                  setting_of(value, path + ": " + name + "." + field_name));
        settings.emplace(field_name, std::move(setting));
      }
    }
  } catch (const toml::parse_error& e) {
    return explain(path, e);
  }
  return tables;
}

}  // namespace assay::cli::internal
