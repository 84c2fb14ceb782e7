#include "base/list.h"

#include <algorithm>

namespace docmind {

std::vector<std::string> words_between_commas(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view word = list.substr(0, comma);
    const std::size_t first = std::min(word.find_first_not_of(' '), word.size());
    const std::size_t last = word.find_last_not_of(' ');
    if (first < word.size()) out.emplace_back(word.substr(first, last + 1 - first));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return out;
}

}  // namespace docmind
