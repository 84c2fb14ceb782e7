#include "parse/document_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "parse/clean_text.h"

namespace docmind::parse {

std::uint32_t DocumentBuilder::add(const BlockDraft& draft, std::string_view text) {
  if (full_) return doc::Block::kNoHeader;
  const std::string cleaned = draft.kind == doc::BlockKind::kCode ? code(text) : prose(text);
  if (cleaned.empty()) return doc::Block::kNoHeader;
  if (parsed_.text.size() + 2 + cleaned.size() > max_text_) {
    full_ = true;
    return doc::Block::kNoHeader;
  }
  if (!parsed_.blocks.empty()) {
    const bool same = draft.run != 0 && draft.run == last_run_ && parsed_.blocks.back().kind == draft.kind;
    parsed_.text += same ? "\n" : "\n\n";
  }
  last_run_ = draft.run;
  const std::uint64_t start = parsed_.text.size();
  parsed_.text += cleaned;
  parsed_.blocks.push_back({.span = {start, parsed_.text.size()},
                            .kind = draft.kind,
                            .level = draft.level,
                            .source = draft.source,
                            .header = draft.header,
                            .locator = draft.locator});
  return static_cast<std::uint32_t>(parsed_.blocks.size() - 1);
}

void DocumentBuilder::title(std::string_view text) {
  if (!has_title()) parsed_.title = prose(text);
}

void DocumentBuilder::warn(std::string sentence) {
  auto& warnings = parsed_.warnings;
  if (std::find(warnings.begin(), warnings.end(), sentence) == warnings.end()) warnings.push_back(std::move(sentence));
}

Result<doc::Parsed> DocumentBuilder::finish() && {
  if (full_) return too_much_text(max_text_);
  if (parsed_.blocks.empty()) {
    return Error{Code::kInvalidArgument, "the document holds no text",
                 "If it shows pictures of text, save it again with a text layer (OCR) and add that file."};
  }
  if (parsed_.title.empty()) {
    const auto heading = std::find_if(parsed_.blocks.begin(), parsed_.blocks.end(),
                                      [](const doc::Block& b) { return b.kind == doc::BlockKind::kHeading; });
    if (heading != parsed_.blocks.end()) {
      parsed_.title = prose(parsed_.text.substr(heading->span.start, heading->span.size()));
    }
  }
  return std::move(parsed_);
}

Error too_much_text(std::uint64_t max_text) {
  return {Code::kResourceExhausted, fmt::format("the document has more than {} MiB of text", max_text >> 20U),
          "Split the file, or raise the setting parse.max_text_mb."};
}

}  // namespace docmind::parse
