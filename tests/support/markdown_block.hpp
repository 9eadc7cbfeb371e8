// A block of a specification that a test keeps true: what stands between two lines of a page,
// "<!-- NAME -->" and "<!-- /NAME -->".
#pragma once

#include <fstream>
#include <sstream>
#include <string>

namespace assay::test {

// Empty if the page or the block is missing.
inline std::string markdown_block(const char* page, const std::string& name) {
  std::ifstream file(page);
  std::stringstream all;
  all << file.rdbuf();
  const std::string text = all.str();
  const std::string open = "<!-- " + name + " -->\n", close = "<!-- /" + name + " -->";
  const std::size_t from = text.find(open);
  const std::size_t to = text.find(close);
  if (from == std::string::npos || to == std::string::npos || to < from) return {};
  return text.substr(from + open.size(), to - from - open.size());
}

}  // namespace assay::test
