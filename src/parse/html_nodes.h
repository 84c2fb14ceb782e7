// What the elements of an HTML tree mean for reading: which are no text, which stand around the text, where it lies.
//
// Pure functions on gumbo's nodes, which belong to their HtmlTree. No function recurses: nesting costs no stack.
#pragma once
#include <gumbo.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace docmind::parse {

inline bool is_element(const GumboNode& node) {
  return node.type == GUMBO_NODE_ELEMENT || node.type == GUMBO_NODE_TEMPLATE;
}
inline GumboTag tag_of(const GumboNode& node) { return is_element(node) ? node.v.element.tag : GUMBO_TAG_UNKNOWN; }

std::string_view attribute(const GumboNode& node, const char* name);  // Empty when it is not there.

template <std::size_t N>
bool among(GumboTag tag, const std::array<GumboTag, N>& tags) {
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
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

bool is_silent(const GumboNode& node);       // Never text: not shown, or a control of a form.
bool is_hidden(const GumboNode& node);       // Made invisible by an attribute or its own style.
bool is_boilerplate(const GumboNode& node);  // Around the page's own text: navigation, banners, side bars.
bool is_permalink(const GumboNode& node);    // Marks that generators put after a heading or before a line.
bool is_contents(const GumboNode& node);     // Lists of contents and indexes: shown and searched, never quoted.
bool is_layout(const GumboNode& table);      // A table that only places things side by side.
bool ends_paragraph(GumboTag tag);
int heading_level(GumboTag tag);  // 1 to 6, else 0.

std::size_t text_size(const GumboNode& top);   // Bytes of text below, without what is left out.
std::string plain_text(const GumboNode& top);  // All text below.

struct Landmarks {
  const GumboNode* title = nullptr;
  const GumboNode* body = nullptr;
  std::vector<const GumboNode*> main;
  std::vector<const GumboNode*> articles;  // Outermost ones.
};
Landmarks landmarks(const GumboNode& root);

// The part of the page that is its text. One <main> or <article> that holds next to nothing is not believed.
const GumboNode* content_of(const Landmarks& marks);

}  // namespace docmind::parse
