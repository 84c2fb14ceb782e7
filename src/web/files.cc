#include "web/files.h"

#include <algorithm>
#include <array>

#include "web/impl/packed_files.h"

namespace docmind::web {

const std::vector<File>& files() {
  static const std::vector<File> all = packed_files();
  return all;
}

const File* find(std::string_view path) {
  const auto at = std::ranges::lower_bound(files(), path, {}, &File::path);
  return at != files().end() && at->path == path ? &*at : nullptr;
}

bool is_page(std::string_view path) {
  // As web/src/frame/routes.ts has them.
  constexpr std::array<std::string_view, 9> kPlaces = {"chat",   "library",   "search",   "doc", "trace",
                                                       "models", "dashboard", "settings", "help"};
  if (!path.starts_with('/')) return false;
  const std::string_view place = path.substr(1, path.find('/', 1) - 1);
  return place.empty() ? path == "/" : std::ranges::find(kPlaces, place) != kPlaces.end();
}

}  // namespace docmind::web
