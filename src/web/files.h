// The web interface's built files, which the binary carries: web/ is built by Vite, tools/pack_web.py packs it.
//
// Thread safety: pure functions on constants. What lies below /assets/ is compressed with gzip (RFC 1952) and has a
// hash of its content in its name, so it never changes under one address; the index page does and is kept as it is.
#pragma once
#include <string_view>
#include <vector>

namespace docmind::web {

struct File {
  std::string_view path;  // "/index.html", "/assets/NAME-HASH.js"
  std::string_view type;  // Of its content, as HTTP says it.
  std::string_view hash;  // Of bytes, 16 hexadecimal digits.
  bool compressed = false;
  std::string_view bytes;
};

const std::vector<File>& files();         // By path.
const File* find(std::string_view path);  // Null: there is none.

// Whether the interface has a page at this path, which the index file then draws: "/", "/chat/...", "/library", ...
bool is_page(std::string_view path);

}  // namespace docmind::web
