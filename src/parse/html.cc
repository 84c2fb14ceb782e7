// How a page is read. One walk over the tree without recursion calls enter() and leave() for each element, as a
// tokenizer would, and these talk to the Flow. Before it, a few passes over the tree decide what the page's text is:
// the one <main> or <article>, else the body. What is left out (navigation, scripts) is never entered.
#include "parse/html.h"

#include <gumbo.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "parse/charset.h"
#include "parse/clean_text.h"
#include "parse/html_tree.h"

namespace docmind::parse {
namespace {

bool is_element(const GumboNode& node) { return node.type == GUMBO_NODE_ELEMENT || node.type == GUMBO_NODE_TEMPLATE; }

GumboTag tag_of(const GumboNode& node) { return is_element(node) ? node.v.element.tag : GUMBO_TAG_UNKNOWN; }

std::string_view attribute(const GumboNode& node, const char* name) {
  if (!is_element(node)) return {};
  const GumboAttribute* found = gumbo_get_attribute(&node.v.element.attributes, name);
  return found == nullptr ? std::string_view{} : std::string_view(found->value);
}

bool has_attribute(const GumboNode& node, const char* name) {
  return is_element(node) && gumbo_get_attribute(&node.v.element.attributes, name) != nullptr;
}

// Depth first, without recursion: `enter` says whether the children count, `leave` follows each entered element.
template <typename Enter, typename Leave>
void walk(const GumboNode& root, Enter enter, Leave leave) {
  std::vector<std::pair<const GumboNode*, unsigned>> open;  // Element and its next child.
  if (!enter(root) || !is_element(root)) return;
  open.emplace_back(&root, 0U);
  while (!open.empty()) {
    auto& [node, next] = open.back();
    const GumboVector& children = node->v.element.children;
    if (next == children.length) {
      leave(*node);
      open.pop_back();
      continue;
    }
    const auto& child = *static_cast<const GumboNode*>(children.data[next++]);
    if (enter(child) && is_element(child)) open.emplace_back(&child, 0U);
  }
}

template <std::size_t N>
bool among(GumboTag tag, const std::array<GumboTag, N>& tags) {
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

// Never text: not shown, or a control of a form.
bool is_silent(const GumboNode& node) {
  static constexpr std::array kSilent = {
      GUMBO_TAG_SCRIPT, GUMBO_TAG_STYLE,    GUMBO_TAG_NOSCRIPT, GUMBO_TAG_TEMPLATE, GUMBO_TAG_HEAD,    GUMBO_TAG_IFRAME,
      GUMBO_TAG_OBJECT, GUMBO_TAG_SVG,      GUMBO_TAG_CANVAS,   GUMBO_TAG_AUDIO,    GUMBO_TAG_VIDEO,   GUMBO_TAG_SELECT,
      GUMBO_TAG_BUTTON, GUMBO_TAG_TEXTAREA, GUMBO_TAG_TITLE,    GUMBO_TAG_NOFRAMES, GUMBO_TAG_NOEMBED, GUMBO_TAG_RP};
  return among(tag_of(node), kSilent);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_hidden(const GumboNode& node) {
  if (has_attribute(node, "hidden") || attribute(node, "aria-hidden") == "true") return true;
  std::string style = lower(attribute(node, "style"));
  std::erase_if(style, [](char c) { return c == ' '; });
  return style.find("display:none") != std::string::npos || style.find("visibility:hidden") != std::string::npos;
}

// Whether one of the space-separated names of class or id is in the list.
template <std::size_t N>
bool is_named(const GumboNode& node, const std::array<std::string_view, N>& names) {
  for (const char* where : {"class", "id"}) {
    std::string_view value = attribute(node, where);
    while (!value.empty()) {
      const std::size_t end = std::min(value.find(' '), value.size());
      if (std::find(names.begin(), names.end(), lower(value.substr(0, end))) != names.end()) return true;
      value.remove_prefix(std::min(end + 1, value.size()));
    }
  }
  return false;
}

bool in_content(const GumboNode& node) {
  for (const GumboNode* up = node.parent; up != nullptr; up = up->parent) {
    const GumboTag tag = tag_of(*up);
    if (tag == GUMBO_TAG_MAIN || tag == GUMBO_TAG_ARTICLE || attribute(*up, "role") == "main") return true;
  }
  return false;
}

// Around the page's own text: navigation, banners, side bars. The names are those of the generators people use
// (DocBook, Sphinx, MkDocs, Doxygen, WordPress, Wikipedia).
bool is_boilerplate(const GumboNode& node) {
  static constexpr std::array<std::string_view, 33> kNames = {"nav",
                                                              "navbar",
                                                              "navheader",
                                                              "navfooter",
                                                              "navigation",
                                                              "nav-header",
                                                              "nav-footer",
                                                              "menu",
                                                              "sidebar",
                                                              "sidenav",
                                                              "sphinxsidebar",
                                                              "related",
                                                              "breadcrumb",
                                                              "breadcrumbs",
                                                              "wy-nav-side",
                                                              "wy-breadcrumbs",
                                                              "rst-footer-buttons",
                                                              "site-header",
                                                              "site-footer",
                                                              "page-footer",
                                                              "footer",
                                                              "pagination",
                                                              "pager",
                                                              "skip-link",
                                                              "cookie-banner",
                                                              "cookie-notice",
                                                              "searchbox",
                                                              "share-buttons",
                                                              "mw-editsection",
                                                              "mw-jump-link",
                                                              "noprint",
                                                              "printfooter",
                                                              "md-sidebar"};
  static constexpr std::array<std::string_view, 7> kRoles = {"navigation", "banner",  "contentinfo",  "search",
                                                             "menu",       "menubar", "complementary"};
  const GumboTag tag = tag_of(node);
  if (tag == GUMBO_TAG_BODY || tag == GUMBO_TAG_HTML || tag == GUMBO_TAG_MAIN || tag == GUMBO_TAG_ARTICLE) return false;
  if (tag == GUMBO_TAG_NAV) return true;
  if (tag == GUMBO_TAG_ASIDE) return attribute(node, "role").empty() && !in_content(node);  // Footnotes have a role.
  if ((tag == GUMBO_TAG_HEADER || tag == GUMBO_TAG_FOOTER) && !in_content(node)) return true;
  return std::find(kRoles.begin(), kRoles.end(), attribute(node, "role")) != kRoles.end() || is_named(node, kNames);
}

// Marks that generators put after a heading.
bool is_permalink(const GumboNode& node) {
  static constexpr std::array<std::string_view, 4> kNames = {"headerlink", "permalink", "anchorjs-link", "linenos"};
  return is_named(node, kNames);
}

// Lists of contents and indexes: shown and searched, never quoted.
bool is_contents(const GumboNode& node) {
  static constexpr std::array<std::string_view, 12> kNames = {"toc",
                                                              "toctree-wrapper",
                                                              "table-of-contents",
                                                              "contents",
                                                              "list-of-tables",
                                                              "list-of-figures",
                                                              "list-of-examples",
                                                              "genindextable",
                                                              "indextable",
                                                              "index",
                                                              "indexdiv",
                                                              "toctext"};
  const GumboTag tag = tag_of(node);
  return (tag == GUMBO_TAG_DIV || tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL || tag == GUMBO_TAG_NAV ||
          tag == GUMBO_TAG_TABLE || tag == GUMBO_TAG_SECTION) &&
         is_named(node, kNames);
}

bool ends_paragraph(GumboTag tag) {
  static constexpr std::array kBlocks = {
      GUMBO_TAG_P,        GUMBO_TAG_DIV,        GUMBO_TAG_SECTION, GUMBO_TAG_ARTICLE, GUMBO_TAG_MAIN,
      GUMBO_TAG_HEADER,   GUMBO_TAG_FOOTER,     GUMBO_TAG_ASIDE,   GUMBO_TAG_NAV,     GUMBO_TAG_BLOCKQUOTE,
      GUMBO_TAG_FIGURE,   GUMBO_TAG_FIGCAPTION, GUMBO_TAG_ADDRESS, GUMBO_TAG_FORM,    GUMBO_TAG_HR,
      GUMBO_TAG_FIELDSET, GUMBO_TAG_CENTER,     GUMBO_TAG_DETAILS, GUMBO_TAG_SUMMARY, GUMBO_TAG_LEGEND,
      GUMBO_TAG_BODY,     GUMBO_TAG_CAPTION,    GUMBO_TAG_HGROUP,  GUMBO_TAG_TABLE,   GUMBO_TAG_TR,
      GUMBO_TAG_TD,       GUMBO_TAG_TH};
  return among(tag, kBlocks);
}

int heading_level(GumboTag tag) {
  static constexpr std::array kLevels = {GUMBO_TAG_H1, GUMBO_TAG_H2, GUMBO_TAG_H3,
                                         GUMBO_TAG_H4, GUMBO_TAG_H5, GUMBO_TAG_H6};
  const auto* found = std::find(kLevels.begin(), kLevels.end(), tag);
  return found == kLevels.end() ? 0 : static_cast<int>(found - kLevels.begin()) + 1;
}

// A table that only places things side by side: it holds headings, code or another table, or has one cell a row.
bool is_layout(const GumboNode& table) {
  if (attribute(table, "role") == "presentation") return true;
  static constexpr std::array kBig = {GUMBO_TAG_TABLE, GUMBO_TAG_PRE, GUMBO_TAG_H1, GUMBO_TAG_H2,
                                      GUMBO_TAG_H3,    GUMBO_TAG_H4,  GUMBO_TAG_H5, GUMBO_TAG_H6};
  bool big = false;
  bool header = false;
  std::size_t rows = 0;
  std::size_t cells = 0;
  walk(
      table,
      [&](const GumboNode& node) {
        const GumboTag tag = tag_of(node);
        big = big || (&node != &table && among(tag, kBig));
        header = header || tag == GUMBO_TAG_TH;
        rows += tag == GUMBO_TAG_TR ? 1 : 0;
        cells += tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH ? 1 : 0;
        return true;
      },
      [](const GumboNode&) {});
  return cells <= rows || (big && !header);
}

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
  bool leave_table_part(GumboTag tag);
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
  } else if (!leave_table_part(tag) && (ends_paragraph(tag) || tag == GUMBO_TAG_DD)) {
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

bool Page::leave_table_part(GumboTag tag) {
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
    flow_.end_cell();
  } else {
    return false;
  }
  return true;
}

// Letters of the text below, without what is left out; stops counting where that is enough.
std::size_t text_size(const GumboNode& top) {
  std::size_t size = 0;
  walk(
      top,
      [&](const GumboNode& node) {
        if (node.type == GUMBO_NODE_TEXT) size += std::string_view(node.v.text.text).size();
        return is_element(node) && !is_silent(node) && (&node == &top || !is_boilerplate(node));
      },
      [](const GumboNode&) {});
  return size;
}

struct Landmarks {
  const GumboNode* title = nullptr;
  const GumboNode* body = nullptr;
  std::vector<const GumboNode*> main;
  std::vector<const GumboNode*> articles;  // Outermost ones.
};

Landmarks landmarks(const GumboNode& root) {
  Landmarks found;
  walk(
      root,
      [&](const GumboNode& node) {
        const GumboTag tag = tag_of(node);
        if (tag == GUMBO_TAG_SVG) return false;  // It has titles of its own.
        if (tag == GUMBO_TAG_TITLE && found.title == nullptr) found.title = &node;
        if (tag == GUMBO_TAG_BODY && found.body == nullptr) found.body = &node;
        if (tag == GUMBO_TAG_MAIN || attribute(node, "role") == "main") {
          found.main.push_back(&node);
          return false;
        }
        if (tag == GUMBO_TAG_ARTICLE) found.articles.push_back(&node);
        return tag != GUMBO_TAG_ARTICLE;
      },
      [](const GumboNode&) {});
  return found;
}

// The part of the page that is its text. One <main> or <article> that holds next to nothing is not believed.
const GumboNode* content_of(const Landmarks& marks) {
  for (const auto* candidates : {&marks.main, &marks.articles}) {
    if (candidates->size() != 1 || marks.body == nullptr) continue;
    if (text_size(*candidates->front()) * 4 >= text_size(*marks.body)) return candidates->front();
  }
  return marks.body;
}

std::string plain_text(const GumboNode& top) {
  std::string out;
  walk(
      top,
      [&](const GumboNode& node) {
        if (node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE) out += node.v.text.text;
        return true;
      },
      [](const GumboNode&) {});
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
