// Keeps the text of special tokens in a request from becoming special tokens.
//
// put() writes U+FDD0 behind the first character of each special token's text; take() takes it out again and cuts the
// text there. Between the two a template may do to the text what it likes. A U+FDD0 of the request's own becomes
// U+FFFD. Thread safety: const from any thread.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::engine {

struct PromptPart;
enum class Origin : std::uint8_t;

class SpecialGuard {
 public:
  SpecialGuard() = default;
  explicit SpecialGuard(std::vector<std::string> special);

  std::string put(std::string_view text) const;

  // Appends the text without guards. In text that passes for the template's own, the character before a guard becomes
  // a part of the request's.
  void take(std::string_view text, Origin origin, std::vector<PromptPart>& parts) const;

  // Whether a special token's text begins at this place, and how long it is; 0: none does.
  std::size_t length_at(std::string_view text, std::size_t at) const;

 private:
  std::vector<std::string> special_;  // Sorted by first byte, then longest first. None is empty.
};

}  // namespace docmind::engine
