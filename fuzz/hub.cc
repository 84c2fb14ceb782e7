#include <string>

#include "base/check.h"
#include "base/utf8.h"
#include "driver.h"
#include "hub/answers.h"
#include "hub/names.h"
#include "net/web.h"

namespace docmind::fuzz {

// A listing, a header's value, a place to go to: what is taken stays in the repository, and on https.
void fuzz_hub(std::string_view bytes) {
  if (const auto listing = hub::parse_listing(bytes)) {
    DM_CHECK(hub::is_commit(listing->commit) && listing->files.size() <= hub::kMaxFiles);
    for (const std::string& file : listing->files) {
      DM_CHECK(is_utf8(file) && !file.starts_with('/') && ("/" + file + "/").find("/../") == std::string::npos);
    }
  }
  const std::string value(bytes);
  const auto told = hub::told_by({.status = 200, .headers = {{"X-Linked-Etag", value}, {"X-Linked-Size", value}}});
  DM_CHECK(!told || (told->size && *told->size <= hub::kMaxFileBytes));
  if (const auto range = hub::parse_content_range(bytes)) DM_CHECK(range->first < range->total);
  const auto place = net::resolve("https://hub.example/a/b", bytes);
  DM_CHECK(!place || place->starts_with("https://"));
}

}  // namespace docmind::fuzz
