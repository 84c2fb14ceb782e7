// What the words of two questions say of them. A value.
#pragma once
#include <string>

namespace docmind::cache {

struct Compared {
  std::string differs_in{};  // Why they do not ask the same, in a word ("number"); empty: they do.
  bool same_words = false;   // They do by the same words: see Guards::same_words().
};

}  // namespace docmind::cache
