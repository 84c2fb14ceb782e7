#include "library/impl/text_table.h"

#include <algorithm>

namespace docmind::library {

Result<> insert_text(store::Transaction& to, std::int64_t document, std::string_view text) {
  auto insert = DM_TRY(to.query("INSERT INTO text_piece(document, piece, bytes) VALUES(?, ?, ?)"));
  for (std::uint64_t piece = 0; piece * kPieceBytes < text.size(); ++piece) {
    DM_TRY(insert.execute({document, piece, store::Blob{text.substr(piece * kPieceBytes, kPieceBytes)}}));
  }
  return {};
}

Result<> TextReader::load(std::uint64_t piece) {
  if (loaded_ == piece) return {};
  auto row = DM_TRY(from_.query("SELECT bytes FROM text_piece WHERE document=? AND piece=?", {document_, piece}));
  if (!DM_TRY(row.step())) {
    return Error{Code::kInvalidArgument, "The place lies outside of the document's text.", ""};
  }
  bytes_ = row.blob(0);
  loaded_ = piece;
  return {};
}

Result<std::string> TextReader::read(doc::Span span) {
  const Error outside{Code::kInvalidArgument, "The place lies outside of the document's text.", ""};
  if (span.start > span.end) return outside;
  std::string out;
  for (std::uint64_t at = span.start; at < span.end;) {
    DM_TRY(load(at / kPieceBytes));
    const std::uint64_t within = at % kPieceBytes;
    if (within >= bytes_.size()) return outside;
    const std::uint64_t count = std::min<std::uint64_t>(span.end - at, bytes_.size() - within);
    out.append(bytes_, within, count);
    at += count;
  }
  return out;
}

}  // namespace docmind::library
