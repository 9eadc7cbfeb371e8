// The tables of docs/spec that give bytes, and bytes made by them alone: "| a struct | type |" has
// its fields in order, "| an enumeration | name |" its numbers (docs/spec/records.md, "Types").
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "assay/core/hex.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::protocol::test {

// What fields hold: each value follows from the field's place ("claim.entries") and the seed, so no
// two fields of a record are alike under every seed.
struct Values {
  unsigned seed = 0;
  std::map<std::string, std::size_t> sizes;  // of lists and texts, where they are not drawn

  [[nodiscard]] Hash256 draw(const std::string& place) const {
    return crypto::sha256({as_bytes(place), as_bytes("#" + std::to_string(seed))});
  }
  [[nodiscard]] std::size_t size(const std::string& place, std::size_t fewest = 0) const {
    const auto found = sizes.find(place);
    return found != sizes.end() ? found->second : fewest + draw(place).bytes[31] % 3;
  }
  [[nodiscard]] bool is_there(const std::string& place) const {
    return draw(place).bytes[30] % 2 != 0;
  }
  [[nodiscard]] Bytes bytes(const std::string& place, std::size_t size) const {
    const Hash256 drawn = draw(place);
    Bytes made(size);
    for (std::size_t i = 0; i < size; ++i) made[i] = drawn.bytes[i % 32];
    return made;
  }
};
inline std::string item(const std::string& place, std::size_t i) {
  return place + "[" + std::to_string(i) + "]";
}

inline std::vector<std::string> split(const std::string& text, const std::string& by) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t at; (at = text.find(by, from)) != std::string::npos; from = at + by.size())
    parts.push_back(text.substr(from, at - from));
  parts.push_back(text.substr(from));
  return parts;
}

struct Table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
  [[nodiscard]] bool is_struct() const { return head[1] == "type"; }
  [[nodiscard]] bool is_enumeration() const { return head[1] == "name"; }
};

class Spec {
 public:
  static Spec& get() {
    static Spec spec;
    return spec;
  }
  // None if no page has it. What was asked for counts as held.
  const Table* find(const std::string& name) {
    const auto found = m_tables.find(name);
    if (found == m_tables.end()) return nullptr;
    m_held.insert(name);
    return &found->second;
  }
  const Table& table(const std::string& name) {
    static const Table none{{name, ""}, {}};
    const Table* found = find(name);
    EXPECT_NE(found, nullptr) << "docs/spec has no table '" << name << "'";
    return found != nullptr ? *found : none;
  }
  [[nodiscard]] std::vector<std::string> not_held() const {
    std::vector<std::string> names;
    for (const auto& [name, table] : m_tables)
      if ((table.is_struct() || table.is_enumeration()) && !m_held.contains(name))
        names.push_back(name);
    return names;
  }

 private:
  Spec() {
    for (const char* page : {"records", "protocol", "ledger", "commit", "dispute"}) read(page);
  }
  void read(const std::string& page) {
    std::ifstream file(ASSAY_TEST_DATA "/../../docs/spec/" + page + ".md");
    EXPECT_TRUE(file) << page;
    std::optional<Table> table;
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with("|")) {
        keep(table);
        continue;
      }
      std::vector<std::string> cells;
      for (const std::string& cell : split(line.substr(1, line.rfind('|') - 1), "|")) {
        const std::size_t from = cell.find_first_not_of(' ');
        cells.push_back(from == std::string::npos
                            ? ""
                            : cell.substr(from, cell.find_last_not_of(' ') - from + 1));
      }
      if (!table)
        table = Table{std::move(cells), {}};
      else if (!cells[0].starts_with("---"))
        table->rows.push_back(std::move(cells));
    }
    keep(table);
  }
  void keep(std::optional<Table>& table) {
    if (!table) return;
    const std::string name = table->head[0];
    const bool counts = table->is_struct() || table->is_enumeration();
    const bool added = m_tables.emplace(name, std::move(*table)).second;
    EXPECT_TRUE(added || !counts) << "two tables '" << name << "'";
    table.reset();
  }

  std::map<std::string, Table> m_tables;
  std::set<std::string> m_held;
};

// Bytes by the tables.
class Maker {
 public:
  explicit Maker(const Values& values) : m_values(values) {}

  void make(const std::string& type, const std::string& place) {
    m_starts.emplace_back(m_bytes.size(), place);
    const Hash256 drawn = m_values.draw(place);
    if (const unsigned width = width_of(type)) return add(drawn.view().first(width));
    if (type == "flag") return add({Bytes{static_cast<std::uint8_t>(drawn.bytes[0] % 2)}});
    if (type == "u32 BE") return add({Bytes(drawn.bytes.rend() - 4, drawn.bytes.rend())});
    if (type == "u64 BE") return add({Bytes(drawn.bytes.rend() - 8, drawn.bytes.rend())});
    if (const Table* table = Spec::get().find(type)) return make_table(*table, place);
    make_composed(type, place);
  }
  // "name: type, name: type"
  void make_fields(const std::string& fields, const std::string& place) {
    if (fields == "-") return;
    for (const std::string& field : split(fields, ", ")) {
      const std::vector<std::string> parts = split(field, ": ");
      ASSERT_EQ(parts.size(), 2u) << fields;
      make(parts[1], place + "." + parts[0]);
    }
  }
  void add(ByteView bytes) { m_bytes.insert(m_bytes.end(), bytes.begin(), bytes.end()); }

  [[nodiscard]] const Bytes& bytes() const { return m_bytes; }
  // The most items or bytes of each list and text, by place.
  [[nodiscard]] const std::map<std::string, std::size_t>& limits() const { return m_limits; }
  // The field that holds this byte.
  [[nodiscard]] std::string place_at(std::size_t offset) const {
    std::string place;
    for (const auto& [start, name] : m_starts)
      if (start <= offset) place = name;
    return place;
  }

 private:
  static unsigned width_of(const std::string& type) {
    if (type == "u8") return 1;
    if (type == "u16") return 2;
    if (type == "u32") return 4;
    if (type == "u64") return 8;
    return type == "hash" ? 32 : 0;
  }
  void add_u32(std::size_t n) {
    Bytes raw(4);
    store_le(raw.data(), static_cast<std::uint32_t>(n));
    add(raw);
  }

  void make_table(const Table& table, const std::string& place) {
    if (table.is_struct()) {
      for (const auto& row : table.rows)
        for (const std::string& name : split(row[0], ", ")) make(row[1], place + "." + name);
      return;
    }
    const auto& row = table.rows[m_values.draw(place).bytes[0] % table.rows.size()];
    const unsigned number = static_cast<unsigned>(std::stoul(row[0]));
    add(Bytes{static_cast<std::uint8_t>(number)});
    if (table.head[0] == "result") add(Bytes{static_cast<std::uint8_t>(number >> 8)});
    if (table.head[2] == "fields") make_fields(row[2], place);
  }

  void make_items(const std::string& type, const std::string& place, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) make(type, item(place, i));
  }
  // "<what> to <n> of <type>", or without the limit.
  std::size_t limited_size(const std::vector<std::string>& words, const std::string& place) {
    if (words.size() > 2 && words[1] == "to") m_limits[place] = std::stoul(words[2]);
    return m_values.size(place, words[0] == "text" ? 1 : 0);
  }

  void make_composed(const std::string& type, const std::string& place) {
    const std::vector<std::string> words = split(type, " ");
    const auto after = [&](const std::string& word) {
      return type.substr(type.find(word) + word.size());
    };
    if (type.ends_with(" to the end"))
      return make_items(type.substr(0, type.rfind(" to the end")), place, m_values.size(place, 1));
    if (words[0] == "optional") {
      add(Bytes{static_cast<std::uint8_t>(m_values.is_there(place))});
      if (m_values.is_there(place)) make(after("optional "), place);
    } else if (words[0] == "list") {
      const std::size_t count = limited_size(words, place);
      add_u32(count);
      make_items(after(" of "), place, count);
    } else if (type == "path") {
      const std::size_t count = limited_size({"path", "to", "48"}, place);
      add(Bytes{static_cast<std::uint8_t>(count)});
      make_items("hash", place, count);
    } else if (type.starts_with("byte string of ")) {
      Maker inner(m_values);
      inner.make(after(" of "), place);
      add_u32(inner.m_bytes.size());
      for (const auto& [start, name] : inner.m_starts)
        m_starts.emplace_back(m_bytes.size() + start, name);
      m_limits.insert(inner.m_limits.begin(), inner.m_limits.end());
      add(inner.m_bytes);
    } else if (type == "short bytes") {
      const std::size_t size = m_values.size(place, 1);
      add(Bytes{static_cast<std::uint8_t>(size)});
      add(m_values.bytes(place, size));
    } else if (words.size() == 3 && (words[0] == "text" || words[0] == "bytes")) {
      const std::size_t size = limited_size(words, place);
      add_u32(size);
      add(m_values.bytes(place, size));
    } else if (words.size() == 2 && words[0] == "bytes") {
      add(m_values.bytes(place, std::stoul(words[1])));
    } else if (words.size() > 2 && words[1] == "of" && words[0].size() == 1) {
      make_items(after(" of "), place, std::stoul(words[0]));
    } else if (type.starts_with("key of ")) {
      for (const auto& row : Spec::get().table("letter").rows)
        if (row[2] == after("key of ")) {
          add(as_bytes(row[0]));
          make_fields(row[1], row[2]);
        }
    } else {
      ADD_FAILURE() << place << ": no type '" << type << "'";
    }
  }

  const Values& m_values;
  Bytes m_bytes;
  std::vector<std::pair<std::size_t, std::string>> m_starts;
  std::map<std::string, std::size_t> m_limits;
};

}  // namespace assay::protocol::test
