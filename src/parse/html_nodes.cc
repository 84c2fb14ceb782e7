#include "parse/html_nodes.h"

#include <cctype>

namespace docmind::parse {
namespace {

bool has_attribute(const GumboNode& node, const char* name) {
  return is_element(node) && gumbo_get_attribute(&node.v.element.attributes, name) != nullptr;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
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

}  // namespace

std::string_view attribute(const GumboNode& node, const char* name) {
  if (!is_element(node)) return {};
  const GumboAttribute* found = gumbo_get_attribute(&node.v.element.attributes, name);
  return found == nullptr ? std::string_view{} : std::string_view(found->value);
}

bool is_silent(const GumboNode& node) {
  static constexpr std::array kSilent = {
      GUMBO_TAG_SCRIPT, GUMBO_TAG_STYLE,    GUMBO_TAG_NOSCRIPT, GUMBO_TAG_TEMPLATE, GUMBO_TAG_HEAD,    GUMBO_TAG_IFRAME,
      GUMBO_TAG_OBJECT, GUMBO_TAG_SVG,      GUMBO_TAG_CANVAS,   GUMBO_TAG_AUDIO,    GUMBO_TAG_VIDEO,   GUMBO_TAG_SELECT,
      GUMBO_TAG_BUTTON, GUMBO_TAG_TEXTAREA, GUMBO_TAG_TITLE,    GUMBO_TAG_NOFRAMES, GUMBO_TAG_NOEMBED, GUMBO_TAG_RP};
  return among(tag_of(node), kSilent);
}

bool is_hidden(const GumboNode& node) {
  if (has_attribute(node, "hidden") || attribute(node, "aria-hidden") == "true") return true;
  std::string style = lower(attribute(node, "style"));
  std::erase_if(style, [](char c) { return c == ' '; });
  return style.find("display:none") != std::string::npos || style.find("visibility:hidden") != std::string::npos;
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

bool is_permalink(const GumboNode& node) {
  static constexpr std::array<std::string_view, 4> kNames = {"headerlink", "permalink", "anchorjs-link", "linenos"};
  return is_named(node, kNames);
}

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

const GumboNode* content_of(const Landmarks& marks) {
  for (const auto* candidates : {&marks.main, &marks.articles}) {
    if (candidates->size() != 1 || marks.body == nullptr) continue;
    if (text_size(*candidates->front()) * 4 >= text_size(*marks.body)) return candidates->front();
  }
  return marks.body;
}

}  // namespace docmind::parse
