#include <string>

#include "base/check.h"
#include "base/trace_context.h"
#include "base/utf8.h"
#include "driver.h"
#include "obs/exposition.h"

namespace docmind::fuzz {

// What parses is written so that it parses to the same again. The header Accept of the same requests too.
void fuzz_traceparent(std::string_view bytes) {
  (void)obs::wants_open_metrics(bytes);
  const auto read = read_traceparent(bytes);
  if (!read) return;
  DM_CHECK(*read && read->span != 0 && read->parent == 0);
  const std::string text = traceparent(*read);
  const auto again = read_traceparent(text);
  DM_CHECK(again && traceparent(*again) == text && text.size() <= bytes.size());
  DM_CHECK(bytes.substr(3, 49) == std::string_view(text).substr(3, 49));  // The ids.
  DM_CHECK(child_of(*read).parent == read->span);
}

// What is taken of another process's page is a page.
void fuzz_exposition(std::string_view bytes) {
  const std::string page = obs::fold_pages("", {std::string(bytes)});
  DM_CHECK(is_utf8(page) && (page.empty() || page.ends_with('\n')));
  DM_CHECK(obs::fold_pages(page, {}) == page && obs::fold_pages("", {page, page}) == page);
  const std::string open = obs::open_metrics(page);
  DM_CHECK(is_utf8(open) && open.ends_with("# EOF\n"));
}

}  // namespace docmind::fuzz
