#include "parse/markdown.h"

#include <md4c.h>

#include <limits>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parse/charset.h"
#include "parse/clean_text.h"
#include "parse/flow.h"
#include "parse/html.h"

namespace docmind::parse {
namespace {

// md4c's callbacks, as methods. A callback returns 0 to go on.
class Reader {
 public:
  explicit Reader(Flow& flow) : flow_(flow) {}

  int enter(MD_BLOCKTYPE type, const void* detail);
  int leave(MD_BLOCKTYPE type);
  int text(MD_TEXTTYPE type, std::string_view text);

 private:
  struct List {
    bool ordered = false;
    unsigned next = 1;
  };
  void inline_html(std::string_view text);
  const std::string& entity(std::string_view name);

  Flow& flow_;
  std::vector<List> lists_;
  bool html_block_ = false;
  bool in_head_ = false;
  std::string html_;
  std::unordered_map<std::string, std::string> entities_;
};

int Reader::enter(MD_BLOCKTYPE type, const void* detail) {
  switch (type) {
    case MD_BLOCK_UL:
    case MD_BLOCK_OL: {
      const bool ordered = type == MD_BLOCK_OL;
      lists_.push_back({ordered, ordered ? static_cast<const MD_BLOCK_OL_DETAIL*>(detail)->start : 1});
      flow_.begin_list();
      break;
    }
    case MD_BLOCK_LI:
      flow_.begin_item(!lists_.empty() && lists_.back().ordered ? std::to_string(lists_.back().next++) + "." : "");
      break;
    case MD_BLOCK_H:
      flow_.begin_heading(static_cast<std::uint8_t>(static_cast<const MD_BLOCK_H_DETAIL*>(detail)->level));
      break;
    case MD_BLOCK_CODE:
      flow_.begin_code();
      break;
    case MD_BLOCK_HTML:
      flow_.end_block();
      html_block_ = true;
      break;
    case MD_BLOCK_TABLE:
      flow_.begin_table();
      break;
    case MD_BLOCK_THEAD:
      in_head_ = true;
      break;
    case MD_BLOCK_TR:
      flow_.begin_row();
      break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
      flow_.begin_cell();
      break;
    default:
      flow_.end_block();
  }
  return flow_.builder().full() ? 1 : 0;
}

int Reader::leave(MD_BLOCKTYPE type) {
  switch (type) {
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
      flow_.end_list();
      lists_.pop_back();
      break;
    case MD_BLOCK_LI:
      flow_.end_item();
      break;
    case MD_BLOCK_H:
      flow_.end_heading();
      break;
    case MD_BLOCK_CODE:
      flow_.end_code();
      break;
    case MD_BLOCK_HTML:
      html_block_ = false;
      append_html(std::exchange(html_, {}), HtmlKind::kPart, flow_);
      break;
    case MD_BLOCK_TABLE:
      flow_.end_table();
      break;
    case MD_BLOCK_THEAD:
      in_head_ = false;
      break;
    case MD_BLOCK_TR:
      flow_.end_row(in_head_ ? Flow::Row::kHeader : Flow::Row::kData);
      break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
      flow_.end_cell();
      break;
    default:
      flow_.end_block();
  }
  return 0;
}

int Reader::text(MD_TEXTTYPE type, std::string_view text) {
  switch (type) {
    case MD_TEXT_NULLCHAR:
      break;
    case MD_TEXT_BR:
      flow_.line_break();
      break;
    case MD_TEXT_SOFTBR:
      flow_.text("\n");
      break;
    case MD_TEXT_ENTITY:
      flow_.text(entity(text));
      break;
    case MD_TEXT_HTML:
      if (html_block_) {
        html_ += text;
      } else {
        inline_html(text);
      }
      break;
    default:
      flow_.text(text);
  }
  return 0;
}

// Tags inside a line: only a line break is seen by the reader.
void Reader::inline_html(std::string_view text) {
  if (text.starts_with("<br") || text.starts_with("<BR")) flow_.line_break();
}

const std::string& Reader::entity(std::string_view name) {
  auto [found, fresh] = entities_.try_emplace(std::string(name));
  if (fresh) found->second = decode_entity(name);
  return found->second;
}

struct FrontMatter {
  std::size_t size = 0;  // Bytes up to the text, both fences included; 0 when there is none.
  std::string_view title;
};

// YAML (---) or TOML (+++) between two fences at the very start.
FrontMatter front_matter(std::string_view text) {
  const std::string_view fence = text.substr(0, text.find_first_of("\r\n"));
  if (fence != "---" && fence != "+++") return {};
  FrontMatter out;
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at)) {
    const std::size_t start = ++at;
    std::string_view line = text.substr(start, text.find('\n', start) - start);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line == fence || (fence == "---" && line == "...")) {
      out.size = std::min(start + line.size() + 1, text.size());
      return out;
    }
    if (start > 64U << 10U) return {};
    const std::string_view sign = fence == "---" ? ":" : "=";
    if (!line.starts_with("title") || line.find(sign) == std::string_view::npos) continue;
    line.remove_prefix(line.find(sign) + 1);
    const std::size_t first = line.find_first_not_of(" \"'");
    if (first != std::string_view::npos) out.title = line.substr(first, line.find_last_not_of(" \"'") + 1 - first);
  }
  return {};
}

}  // namespace

Result<doc::Parsed> parse_markdown(std::string_view bytes, std::uint64_t max_text) {
  const DecodedText decoded = DM_TRY(decode(bytes, ""));
  DM_TRY(check_is_text(decoded.text));
  if (decoded.text.size() > std::numeric_limits<MD_SIZE>::max() / 2) return too_much_text(max_text);
  DocumentBuilder builder("markdown", max_text);
  if (const std::string warning = replaced_warning(decoded); !warning.empty()) builder.warn(warning);
  const FrontMatter front = front_matter(decoded.text);
  if (front.size > 0) builder.title(front.title);
  Flow flow(builder);
  Reader reader(flow);
  const MD_PARSER parser = {
      .abi_version = 0,
      .flags = MD_DIALECT_GITHUB,
      .enter_block = [](MD_BLOCKTYPE t, void* d, void* self) { return static_cast<Reader*>(self)->enter(t, d); },
      .leave_block = [](MD_BLOCKTYPE t, void*, void* self) { return static_cast<Reader*>(self)->leave(t); },
      .enter_span = [](MD_SPANTYPE, void*, void*) { return 0; },
      .leave_span = [](MD_SPANTYPE, void*, void*) { return 0; },
      .text = [](MD_TEXTTYPE t, const MD_CHAR* s, MD_SIZE n,
                 void* self) { return static_cast<Reader*>(self)->text(t, {s, n}); },
      .debug_log = nullptr,
      .syntax = nullptr};
  const std::string_view text = std::string_view(decoded.text).substr(front.size);
  const int status = md_parse(text.data(), static_cast<MD_SIZE>(text.size()), &parser, &reader);
  if (status != 0 && !builder.full()) {
    return Error{Code::kInternal, "the Markdown parser gave up", "Save the file as plain text (.txt) and add that."};
  }
  flow.end_block();
  return std::move(builder).finish();
}

}  // namespace docmind::parse
