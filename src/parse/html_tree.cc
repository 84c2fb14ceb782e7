#include "parse/html_tree.h"

#include <gumbo.h>

#include <algorithm>

namespace docmind::parse {
namespace {

constexpr std::size_t kPiece = 1U << 20U;
constexpr std::size_t kAlign = alignof(std::max_align_t);

}  // namespace

HtmlTree::HtmlTree(std::string_view utf8) {
  GumboOptions options = kGumboDefaultOptions;
  options.allocator = allocate;
  options.deallocator = release;
  options.userdata = this;
  options.max_errors = 0;
  const GumboOutput* output = gumbo_parse_with_options(&options, utf8.data(), utf8.size());
  if (output != nullptr) root_ = output->root;
}

void* HtmlTree::allocate(void* self, std::size_t size) {
  auto& tree = *static_cast<HtmlTree*>(self);
  size = (std::max<std::size_t>(size, 1) + kAlign - 1) / kAlign * kAlign;
  if (tree.used_ + size > tree.piece_size_) {
    tree.piece_size_ = std::max(kPiece, size);
    tree.pieces_.push_back(std::make_unique_for_overwrite<std::byte[]>(tree.piece_size_));
    tree.used_ = 0;
  }
  std::byte* memory = tree.pieces_.back().get() + tree.used_;
  tree.used_ += size;
  return memory;
}

void HtmlTree::release(void*, void*) {}  // All at once, with the tree.

}  // namespace docmind::parse
