// How a page is read. One walk over the tree without recursion calls enter() and leave() for each element, as a
// tokenizer would, and these talk to the Flow. Before it, a few passes over the tree decide what the page's text is:
// the one <main> or <article>, else the body. What is left out (navigation, scripts) is never entered.
#include "parse/html.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "parse/charset.h"
#include "parse/clean_text.h"
#include "parse/html_nodes.h"
#include "parse/html_tree.h"

namespace docmind::parse {
namespace {

class Page {
 public:
  Page(HtmlKind kind, Flow& flow) : kind_(kind), flow_(flow) {}

  void read(const GumboNode& top) {
    top_ = &top;
    walk(top, [this](const GumboNode& node) { return enter(node); }, [this](const GumboNode& node) { leave(node); });
    flow_.end_block();
  }

 private:
  struct Table {
    bool layout = false;
    bool in_head = false;
    bool row_is_header = false;
  };
  struct List {
    bool ordered = false;
    long next = 1;
  };

  bool enter(const GumboNode& node);
  void leave(const GumboNode& node);
  bool enter_table_part(const GumboNode& node);
  bool leave_table_part(const GumboNode& node);
  void enter_list(const GumboNode& node);
  std::string item_marker(const GumboNode& node);
  bool data_table() const { return !tables_.empty() && !tables_.back().layout; }

  HtmlKind kind_;
  Flow& flow_;
  const GumboNode* top_ = nullptr;
  std::vector<Table> tables_;
  std::vector<List> lists_;
  const GumboNode* contents_ = nullptr;  // The outermost contents list we are in.
};

bool Page::enter(const GumboNode& node) {
  if (node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE || node.type == GUMBO_NODE_CDATA) {
    flow_.text(node.v.text.text);
    return false;
  }
  if (!is_element(node)) return false;
  if (is_silent(node) || is_hidden(node) || is_permalink(node)) return false;
  if (kind_ == HtmlKind::kPage && &node != top_ && is_boilerplate(node)) return false;
  if (flow_.builder().full()) return false;
  if (contents_ == nullptr && flow_.is_source() && is_contents(node)) {
    contents_ = &node;
    flow_.source(false);
  }
  const GumboTag tag = node.v.element.tag;
  if (const int level = heading_level(tag); level > 0) {
    flow_.begin_heading(static_cast<std::uint8_t>(level));
  } else if (tag == GUMBO_TAG_BR) {
    flow_.line_break();
  } else if (tag == GUMBO_TAG_PRE || tag == GUMBO_TAG_LISTING || tag == GUMBO_TAG_XMP || tag == GUMBO_TAG_PLAINTEXT) {
    flow_.begin_code();
  } else if (tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL || tag == GUMBO_TAG_DL || tag == GUMBO_TAG_MENU ||
             tag == GUMBO_TAG_DIR) {
    enter_list(node);
  } else if (tag == GUMBO_TAG_LI || tag == GUMBO_TAG_DT) {
    flow_.begin_item(item_marker(node));
  } else if (tag == GUMBO_TAG_DD) {
    flow_.end_block();
  } else if (!enter_table_part(node) && ends_paragraph(tag)) {
    flow_.end_block();
  }
  return true;
}

void Page::leave(const GumboNode& node) {
  const GumboTag tag = node.v.element.tag;
  if (heading_level(tag) > 0) {
    flow_.end_heading();
  } else if (tag == GUMBO_TAG_PRE || tag == GUMBO_TAG_LISTING || tag == GUMBO_TAG_XMP || tag == GUMBO_TAG_PLAINTEXT) {
    flow_.end_code();
  } else if (tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL || tag == GUMBO_TAG_DL || tag == GUMBO_TAG_MENU ||
             tag == GUMBO_TAG_DIR) {
    flow_.end_list();
    lists_.pop_back();
  } else if (tag == GUMBO_TAG_LI || tag == GUMBO_TAG_DT) {
    flow_.end_item();
  } else if (!leave_table_part(node) && (ends_paragraph(tag) || tag == GUMBO_TAG_DD)) {
    flow_.end_block();
  }
  if (contents_ == &node) {
    contents_ = nullptr;
    flow_.source(true);
  }
}

void Page::enter_list(const GumboNode& node) {
  long first = 1;
  if (const std::string_view start = attribute(node, "start"); !start.empty() && start.size() < 8) {
    first = std::strtol(std::string(start).c_str(), nullptr, 10);
  }
  lists_.push_back({.ordered = node.v.element.tag == GUMBO_TAG_OL, .next = first});
  flow_.begin_list();
}

std::string Page::item_marker(const GumboNode& node) {
  if (node.v.element.tag != GUMBO_TAG_LI || lists_.empty() || !lists_.back().ordered) return {};
  List& list = lists_.back();
  if (const std::string_view value = attribute(node, "value"); !value.empty() && value.size() < 8) {
    list.next = std::strtol(std::string(value).c_str(), nullptr, 10);
  }
  return std::to_string(list.next++) + ".";
}

bool Page::enter_table_part(const GumboNode& node) {
  const GumboTag tag = node.v.element.tag;
  if (tag == GUMBO_TAG_TABLE) {
    tables_.push_back({.layout = is_layout(node)});
    if (data_table()) flow_.begin_table();
    return data_table();
  }
  if (!data_table()) return false;
  Table& table = tables_.back();
  if (tag == GUMBO_TAG_THEAD) {
    table.in_head = true;
  } else if (tag == GUMBO_TAG_TR) {
    table.row_is_header = true;  // Until a data cell comes.
    flow_.begin_row();
  } else if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) {
    table.row_is_header = table.row_is_header && tag == GUMBO_TAG_TH;
    flow_.begin_cell();
  } else {
    return false;
  }
  return true;
}

// An attribute that counts: columns and rows of a cell.
std::uint32_t count_of(const GumboNode& node, const char* name) {
  const std::string_view value = attribute(node, name);
  std::uint32_t count = 1;
  std::from_chars(value.data(), value.data() + value.size(), count);
  return count;
}

bool Page::leave_table_part(const GumboNode& node) {
  const GumboTag tag = node.v.element.tag;
  if (tag == GUMBO_TAG_TABLE) {
    const bool data = data_table();
    if (data) flow_.end_table();
    if (!tables_.empty()) tables_.pop_back();
    return data;
  }
  if (!data_table()) return false;
  const Table& table = tables_.back();
  if (tag == GUMBO_TAG_THEAD) {
    tables_.back().in_head = false;
  } else if (tag == GUMBO_TAG_TR) {
    flow_.end_row(table.in_head || table.row_is_header ? Flow::Row::kHeader : Flow::Row::kData);
  } else if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) {
    flow_.end_cell({count_of(node, "colspan"), count_of(node, "rowspan")});
  } else {
    return false;
  }
  return true;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// What <meta charset> or the XML declaration says, from the first bytes.
std::string declared_charset(std::string_view bytes) {
  const std::string head = lower(bytes.substr(0, 2'048));
  for (const std::string_view key : {"charset=", "encoding="}) {
    const std::size_t at = head.find(key);
    if (at == std::string::npos) continue;
    const std::size_t start = head.find_first_not_of("\"' ", at + key.size());
    if (start == std::string::npos) continue;
    return head.substr(start, head.find_first_of("\"' ;>/?", start) - start);
  }
  return {};
}

}  // namespace

void append_html(std::string_view utf8, HtmlKind kind, Flow& flow) {
  const HtmlTree tree(utf8);
  if (tree.root() == nullptr) return;
  const Landmarks marks = landmarks(*tree.root());
  if (marks.title != nullptr) flow.builder().title(plain_text(*marks.title));
  const GumboNode* top = kind == HtmlKind::kPage ? content_of(marks) : marks.body;
  if (top == nullptr) top = tree.root();
  if (kind == HtmlKind::kPage && text_size(*top) == 0) kind = HtmlKind::kPart;  // All of it looked like navigation.
  Page(kind, flow).read(*top);
}

Result<doc::Parsed> parse_html(std::string_view bytes, std::uint64_t max_text) {
  const DecodedText decoded = DM_TRY(decode(bytes, declared_charset(bytes)));
  DM_TRY(check_is_text(decoded.text));
  DocumentBuilder builder("html", max_text);
  if (const std::string warning = replaced_warning(decoded); !warning.empty()) builder.warn(warning);
  Flow flow(builder);
  append_html(decoded.text, HtmlKind::kPage, flow);
  return std::move(builder).finish();
}

std::string decode_entity(std::string_view entity) {
  const HtmlTree tree(entity);
  return tree.root() == nullptr ? std::string(entity) : plain_text(*tree.root());
}

std::string expand_empty_elements(std::string_view xhtml) {
  static constexpr std::array<std::string_view, 14> kVoid = {
      "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"};
  std::string out;
  out.reserve(xhtml.size() + xhtml.size() / 16);
  std::size_t done = 0;
  for (std::size_t at = xhtml.find('<'); at != std::string_view::npos; at = xhtml.find('<', at)) {
    if (xhtml.substr(at).starts_with("<!--")) {
      at = std::min(xhtml.find("-->", at), xhtml.size());
      continue;
    }
    std::size_t end = at + 1;
    for (char quote = '\0'; end < xhtml.size() && (quote != '\0' || xhtml[end] != '>'); ++end) {
      if (quote == xhtml[end]) {
        quote = '\0';
      } else if (quote == '\0' && (xhtml[end] == '"' || xhtml[end] == '\'')) {
        quote = xhtml[end];
      }
    }
    if (end >= xhtml.size()) break;
    const std::string_view tag = xhtml.substr(at + 1, end - at - 1);
    const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n/"));
    at = end + 1;
    if (!tag.ends_with('/') || name.empty() || std::find(kVoid.begin(), kVoid.end(), name) != kVoid.end()) continue;
    out += xhtml.substr(done, end - 1 - done);
    out += "></";
    out += name;
    out += '>';
    done = end + 1;
  }
  out += xhtml.substr(done);
  return out;
}

}  // namespace docmind::parse
