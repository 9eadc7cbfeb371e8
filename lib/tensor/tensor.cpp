#include "assay/tensor/tensor.hpp"

#include <new>

#include "assay/core/large_pages.hpp"

namespace assay {

void Tensor::Free::operator()(std::uint8_t* data) const {
  ::operator delete[](data, std::align_val_t{kAlignment});
}

Tensor::Tensor(const TensorType& type) : m_type(type) {
  ASSAY_EXPECTS(is_known(type.dtype) && is_valid(type.shape));
  m_size = static_cast<std::size_t>(type.byte_count());
  m_data.reset(static_cast<std::uint8_t*>(::operator new[](m_size, std::align_val_t{kAlignment})));
  advise_large_pages(m_data.get(), m_size);
  std::memset(m_data.get(), 0, m_size);
}

Tensor::Tensor(const Tensor& other) {
  if (!other.empty()) *this = copy_of(other.m_type, other.bytes());
}

Tensor& Tensor::operator=(const Tensor& other) {
  if (this != &other) *this = Tensor(other);
  return *this;
}

Tensor Tensor::copy_of(const TensorType& type, ByteView from) {
  Tensor tensor(type);
  ASSAY_EXPECTS(from.size() == tensor.m_size);
  std::memcpy(tensor.m_data.get(), from.data(), from.size());
  return tensor;
}

}  // namespace assay
