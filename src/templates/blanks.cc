#include "templates/blanks.h"

#include <algorithm>

#include "base/ascii.h"

namespace docmind::templates {
namespace {

constexpr std::size_t kMostName = 64;

bool is_of_a_name(char c) {
  const char letter = to_lower(c);
  return static_cast<unsigned char>(c) >= 0x80 || (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ||
         c == '-' || c == '_' || c == ' ';
}

struct Piece {
  std::string_view text;   // Before the blank,
  std::string_view blank;  // and its name; empty at the end of the text.
};

// What comes first, taken off `rest`.
Piece next_piece(std::string_view& rest) {
  for (std::size_t open = rest.find('{'); open != std::string_view::npos; open = rest.find('{', open + 1)) {
    const std::string_view after = rest.substr(open + 1);
    const auto end = static_cast<std::size_t>(std::ranges::find_if_not(after, is_of_a_name) - after.begin());
    if (end == 0 || end > kMostName || end == after.size() || after[end] != '}') continue;
    const Piece piece{rest.substr(0, open), after.substr(0, end)};
    if (piece.blank.starts_with(' ') || piece.blank.ends_with(' ')) continue;
    rest = after.substr(end + 1);
    return piece;
  }
  const Piece last{rest, {}};
  rest = {};
  return last;
}

Error unfilled(std::string_view blank) {
  const std::string name(blank);
  return {Code::kInvalidArgument, "nothing was given for the blank {" + name + "}", "Add: --with '" + name + "=WORDS'"};
}

}  // namespace

std::vector<std::string> blanks_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::string_view blank = next_piece(text).blank;
    if (!blank.empty() && std::ranges::find(out, blank) == out.end()) out.emplace_back(blank);
  }
  return out;
}

Result<std::string> fill(std::string_view text, const std::map<std::string, std::string, std::less<>>& words) {
  const std::vector<std::string> blanks = blanks_of(text);
  for (const auto& [name, ignored] : words) {
    if (std::ranges::find(blanks, name) == blanks.end()) {
      return Error{Code::kInvalidArgument, "the template has no blank {" + name + "}",
                   "docmind templates list shows which it has."};
    }
  }
  std::string out;
  while (!text.empty()) {
    const Piece piece = next_piece(text);
    out += piece.text;
    if (piece.blank.empty()) break;
    const auto found = words.find(piece.blank);
    if (found == words.end() || found->second.find_first_not_of(" \t\r\n") == std::string::npos) {
      return unfilled(piece.blank);
    }
    out += found->second;
  }
  return out;
}

}  // namespace docmind::templates
