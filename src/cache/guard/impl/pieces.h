// A question cut at white space, the same for the exact layer and for the guards. Pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::cache {

enum class PieceKind : std::uint8_t {
  kPlain,       // A word: letters, perhaps with ' or - inside. Its case says little.
  kIdentifier,  // Anything else: digits, signs, dots inside, camelCase. Its case counts.
  kQuoted,      // The inside of double quotes, backticks or single quotes, as it stands.
};

struct Piece {
  std::string text;  // In the case in which it was typed.
  PieceKind kind = PieceKind::kPlain;
  bool comma = false;  // A comma, colon or bracket stood behind it.
  bool stop = false;   // The end of a sentence stood behind it, perhaps: . ? ! ;
};

// NFKC but for superscripts, subscripts, fractions, circled and squared characters; one form for quotes, dashes and
// blanks. Requires UTF-8.
std::string compatible(std::string_view text);

// Of a compatible text.
std::vector<Piece> pieces(std::string_view text);

// A text with every character in the form that is compared without regard to case.
std::string folded(std::string_view text);

// Whether a text has capitals and no small letters, in ASCII: "WHAT IS X?".
bool is_shouted(std::string_view text);

}  // namespace docmind::cache
