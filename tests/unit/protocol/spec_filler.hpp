// Fills records with the values that the specification's tables expect at each place.
#pragma once

#include <list>

#include "spec_fields.hpp"

namespace assay::protocol::test {

class Filler {
 public:
  explicit Filler(const Values& values) : m_values(values) {}

  template <class Record>
  [[nodiscard]] Record of(const std::string& place) {
    Record record{};
    fill(place, record);
    return record;
  }

  template <class Tag, class Rep>
  void fill(const std::string& place, Strong<Tag, Rep>& field) {
    fill(place, field.value);
  }
  void fill(const std::string& place, Hash256& field) { field = m_values.draw(place); }
  void fill(const std::string& place, bool& field) {
    field = m_values.draw(place).bytes[0] % 2 != 0;
  }
  void fill(const std::string& place, std::string& field) {
    const Bytes bytes = m_values.bytes(place, m_values.size(place, 1));
    field.assign(bytes.begin(), bytes.end());
  }
  void fill(const std::string& place, Bytes& field) {
    field = m_values.bytes(place, m_values.size(place));
  }
  // Of bytes that this keeps.
  void fill(const std::string& place, ByteView& field) {
    fill(place, m_kept.emplace_back());
    field = m_kept.back();
  }
  void fill(const std::string& place, commit::Path& field) {
    field.length = static_cast<unsigned>(m_values.size(place));
    for (unsigned i = 0; i < field.length && i < commit::kMaxPathLength; ++i)
      fill(item(place, i), field.hashes[i]);
  }
  void fill(const std::string& place, MoneyMoved& field) { fill(place, field.transfer); }
  void fill(const std::string& place, Event& field) {
    constexpr std::size_t kKinds = std::variant_size_v<Event>;
    emplace(field, m_values.draw(place).bytes[0] % kKinds, std::make_index_sequence<kKinds>());
    std::visit([&](auto& event) { fill(place, event); }, field);
  }
  template <std::size_t Size>
  void fill(const std::string& place, std::array<std::uint8_t, Size>& field) {
    const Bytes bytes = m_values.bytes(place, Size);
    std::copy(bytes.begin(), bytes.end(), field.begin());
  }
  template <class Item, std::size_t Size>
  void fill(const std::string& place, std::array<Item, Size>& field) {
    for (std::size_t i = 0; i < Size; ++i) fill(item(place, i), field[i]);
  }
  template <class Item>
  void fill(const std::string& place, std::vector<Item>& field) {
    field.resize(m_values.size(place));
    for (std::size_t i = 0; i < field.size(); ++i) fill(item(place, i), field[i]);
  }
  template <class Item>
  void fill(const std::string& place, std::optional<Item>& field) {
    if (m_values.is_there(place)) fill(place, field.emplace());
  }
  template <class Field>
  void fill(const std::string& place, Field& field) {
    const Hash256 drawn = m_values.draw(place);
    if constexpr (std::is_enum_v<Field>)
      field = enumerators<Field>()[drawn.bytes[0] % enumerators<Field>().size()].value;
    else if constexpr (std::is_integral_v<Field>)
      field = load_le<Field>(drawn.bytes.data());
    else
      Members<Field>::visit(field, [&](std::string_view name, auto& member) {
        fill(place + "." + std::string(name), member);
      });
  }

  template <std::size_t... I>
  static void emplace(Event& event, std::size_t index, std::index_sequence<I...>) {
    ((index == I && (event.emplace<I>(), true)) || ...);
  }

 private:
  const Values& m_values;
  std::list<Bytes> m_kept;
};

}  // namespace assay::protocol::test
