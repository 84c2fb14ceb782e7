// Gumbo's tree of an HTML page, owned: memory from one arena, freed at once.
//
// The reason for the arena: gumbo's own release is recursive, so a page of a million open tags would overflow the
// stack. Not thread-safe.
#pragma once
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

struct GumboInternalNode;

namespace docmind::parse {

class HtmlTree {
 public:
  explicit HtmlTree(std::string_view utf8);

  const GumboInternalNode* root() const { return root_; }

 private:
  static void* allocate(void* self, std::size_t size);
  static void release(void* self, void* memory);

  std::vector<std::unique_ptr<std::byte[]>> pieces_;
  std::size_t used_ = 0;  // Of the last piece.
  std::size_t piece_size_ = 0;
  const GumboInternalNode* root_ = nullptr;
};

}  // namespace docmind::parse
