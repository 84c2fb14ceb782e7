#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/utf8.h"
#include "cli/render.h"

namespace docmind::cli {
namespace {

constexpr std::uint64_t kFewFiles = 20;

}  // namespace

std::string progress_line(const boost::json::value& progress) {
  const double seconds = number(progress, "seconds");
  const std::uint64_t pages = count(progress, "pages");
  const std::uint64_t chunks = count(progress, "chunks_done");
  std::string out = fmt::format("{} {}/{} files", text(progress, "stage"), count(progress, "files_done"),
                                count(progress, "files_total"));
  if (pages != 0) out += fmt::format(", {} pages", pages);
  if (const std::uint64_t found = count(progress, "chunks_found"); found != 0)
    out += fmt::format(", {}/{} chunks", chunks, found);
  if (seconds >= 0.5) {
    if (pages != 0) out += fmt::format(", {:.0f} pages/s", static_cast<double>(pages) / seconds);
    if (chunks != 0) out += fmt::format(", {:.0f} chunks/s", static_cast<double>(chunks) / seconds);
  }
  if (const double left = number(progress, "seconds_left"); left > 0) out += fmt::format(", {:.0f} s left", left);
  if (const std::string file = text(progress, "file"); !file.empty())
    out += ": " + file.substr(file.find_last_of('/') + 1);
  return out;
}

void ProgressView::show(const boost::json::value& progress) {
  std::string line = progress_line(progress);
  std::replace_if(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  if (terminal_.live) {
    std::size_t end = std::min(line.size(), terminal_.width - 1);
    while (end > 0 && !is_char_border(line, end)) --end;
    terminal_.err("\r\x1b[K" + line.substr(0, end));
    drawn_ = true;
    return;
  }
  const std::uint64_t total = std::max<std::uint64_t>(1, count(progress, "files_total"));
  const std::uint64_t tenths = count(progress, "files_done") * 10 / total;
  const std::string stage = total > kFewFiles ? std::string() : text(progress, "stage");  // of many files it flickers
  if (stage == stage_ && tenths == tenths_) return;
  terminal_.err(line + "\n");
  stage_ = stage;
  tenths_ = tenths;
}

void ProgressView::finish() {
  if (drawn_) terminal_.err("\r\x1b[K");
  drawn_ = false;
}

}  // namespace docmind::cli
