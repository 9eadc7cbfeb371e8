// Tensors in memory: an owning, 64-byte aligned buffer of row-major little-endian elements, and
// views of them. Not thread-safe beyond what bytes are: disjoint parts may be written at once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "assay/core/contract.hpp"
#include "assay/core/hex.hpp"
#include "assay/tensor/shape.hpp"

namespace assay {

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType kValue = DType::kF32;
};
template <>
struct DTypeOf<std::int32_t> {
  static constexpr DType kValue = DType::kI32;
};
template <>
struct DTypeOf<std::uint32_t> {
  static constexpr DType kValue = DType::kU32;
};
template <>
struct DTypeOf<std::int64_t> {
  static constexpr DType kValue = DType::kI64;
};
template <>
struct DTypeOf<std::uint64_t> {
  static constexpr DType kValue = DType::kU64;
};
template <>
struct DTypeOf<std::uint8_t> {
  static constexpr DType kValue = DType::kU8;
};

namespace detail {
template <class T, class Pointer>
[[nodiscard]] auto typed(const TensorType& type, Pointer data) {
  using Element = std::remove_const_t<T>;
  ASSAY_EXPECTS(type.dtype == DTypeOf<Element>::kValue);
  ASSAY_EXPECTS(reinterpret_cast<std::uintptr_t>(data) % alignof(Element) == 0);
  return std::span<T>(reinterpret_cast<T*>(data), static_cast<std::size_t>(type.shape.elements()));
}
}  // namespace detail

// Somebody else's elements, read only. as<T>() needs T to be the dtype and the data to be aligned
// for it, as every Tensor's are; a view into a file may be aligned for bytes only.
struct TensorView {
  TensorType type;
  const std::uint8_t* data = nullptr;

  [[nodiscard]] ByteView bytes() const {
    return {data, static_cast<std::size_t>(type.byte_count())};
  }
  template <class T>
  [[nodiscard]] std::span<const T> as() const {
    return detail::typed<const T>(type, data);
  }
};

struct MutableTensorView {
  TensorType type;
  std::uint8_t* data = nullptr;

  [[nodiscard]] MutableBytes bytes() const {
    return {data, static_cast<std::size_t>(type.byte_count())};
  }
  template <class T>
  [[nodiscard]] std::span<T> as() const {
    return detail::typed<T>(type, data);
  }
  operator TensorView() const { return {type, data}; }  // NOLINT: a view of less
};

class Tensor {
 public:
  static constexpr std::size_t kAlignment = 64;

  Tensor() = default;  // no elements, no data: good for being assigned to
  // Zeros. The type must be valid (is_valid(), a known dtype).
  explicit Tensor(const TensorType& type);
  Tensor(const Tensor& other);
  Tensor& operator=(const Tensor& other);
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(Tensor&&) noexcept = default;

  // The bytes of `from`, which must be type.byte_count() long.
  [[nodiscard]] static Tensor copy_of(const TensorType& type, ByteView from);
  [[nodiscard]] static Tensor copy_of(const TensorView& view) {
    return copy_of(view.type, view.bytes());
  }
  // Tensor::of<float>({2, 2}, {1, 2, 3, 4})
  template <class T>
  [[nodiscard]] static Tensor of(const Shape& shape, const std::vector<T>& values) {
    ASSAY_EXPECTS(values.size() == shape.elements());
    return copy_of(
        {DTypeOf<T>::kValue, shape},
        {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(T)});
  }
  template <class T>
  [[nodiscard]] static Tensor scalar(T value) {
    return of<T>(Shape{}, {value});
  }

  [[nodiscard]] const TensorType& type() const { return m_type; }
  [[nodiscard]] const Shape& shape() const { return m_type.shape; }
  [[nodiscard]] DType dtype() const { return m_type.dtype; }
  [[nodiscard]] std::size_t byte_count() const { return m_size; }
  [[nodiscard]] bool empty() const { return m_size == 0; }
  [[nodiscard]] const std::uint8_t* data() const { return m_data.get(); }
  [[nodiscard]] std::uint8_t* data() { return m_data.get(); }
  [[nodiscard]] ByteView bytes() const { return {m_data.get(), m_size}; }
  [[nodiscard]] MutableBytes bytes() { return {m_data.get(), m_size}; }
  [[nodiscard]] TensorView view() const { return {m_type, m_data.get()}; }
  [[nodiscard]] MutableTensorView view() { return {m_type, m_data.get()}; }
  template <class T>
  [[nodiscard]] std::span<const T> as() const {
    return view().template as<T>();
  }
  template <class T>
  [[nodiscard]] std::span<T> as() {
    return view().template as<T>();
  }

  // Equal types and equal bits (so -0 is not +0, and a NaN equals itself).
  friend bool operator==(const Tensor& a, const Tensor& b) {
    return a.m_type == b.m_type && equal_bytes(a.bytes(), b.bytes());
  }

 private:
  struct Free {
    void operator()(std::uint8_t* data) const;
  };
  TensorType m_type;
  std::size_t m_size = 0;
  std::unique_ptr<std::uint8_t[], Free> m_data;
};

// A model's or a run's state: tensors by name, names ascending bytewise.
using NamedTensors = std::map<std::string, Tensor, std::less<>>;

}  // namespace assay
