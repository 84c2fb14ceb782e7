// text_piece: a document's text in pieces of equal size, so that a quote is read without the text around it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "doc/document.h"
#include "store/database.h"

namespace docmind::library {

inline constexpr std::uint64_t kPieceBytes = 16384;

Result<> insert_text(store::Transaction& to, std::int64_t document, std::string_view text);

// Reads spans of one document; the last piece is kept, so neighbouring spans in order cost one look-up per piece.
class TextReader {
 public:
  TextReader(store::Source& from, std::int64_t document) : from_(from), document_(document) {}

  // kInvalidArgument when span does not lie in the text.
  Result<std::string> read(doc::Span span);

 private:
  Result<> load(std::uint64_t piece);

  store::Source& from_;
  std::int64_t document_;
  std::optional<std::uint64_t> loaded_;
  std::string bytes_;
};

}  // namespace docmind::library
