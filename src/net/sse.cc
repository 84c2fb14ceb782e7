#include "net/sse.h"

#include <algorithm>

#include "base/utf8.h"

namespace docmind::net {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Error too_large(std::string_view what) {
  return {Code::kResourceExhausted, "the event stream's " + std::string(what) + " is too large", "Check its sender."};
}

void add_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\n");
}

}  // namespace

std::string sse_text(const SseEvent& event) {
  DM_CHECK(event.name.find_first_of("\r\n") == std::string::npos &&
           event.id.find_first_of("\r\n") == std::string::npos);
  std::string out;
  if (event.name != "message") add_field(out, "event", event.name);
  if (!event.id.empty()) add_field(out, "id", event.id);
  std::string_view rest = event.data;
  while (true) {
    const std::size_t end = rest.find_first_of("\r\n");
    add_field(out, "data", rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + (rest.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  return out + "\n";
}

std::string sse_text(std::string_view name, std::string_view data) {
  return sse_text(SseEvent{.name = std::string(name), .data = std::string(data)});
}

Result<> SseParser::feed(std::string_view bytes, const OnEvent& on_event) {
  total_ += bytes.size();
  if (total_ > limits_.total) return too_large("total");
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    if (line_.size() + end > limits_.line) return too_large("line");
    line_.append(bytes.substr(0, end));
    if (end == bytes.size()) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    DM_TRY(take_line(line, on_event));
  }
  return {};
}

Result<> SseParser::take_line(std::string_view line, const OnEvent& on_event) {
  if (!is_utf8(line)) return Error{Code::kDataLoss, "the event stream is not UTF-8", "Check its sender."};
  if (std::exchange(first_line_, false) && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  if (line.empty()) return dispatch(on_event);
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view field = line.substr(0, colon);
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (event_.data.size() + value.size() + 1 > limits_.event) return too_large("event");
    if (std::exchange(has_data_, true)) event_.data += '\n';
    event_.data += value;
  } else if (field == "event") {
    event_.name = value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    last_id_ = value;
  }
  return {};
}

Result<> SseParser::dispatch(const OnEvent& on_event) {
  SseEvent event = std::exchange(event_, {});
  if (!std::exchange(has_data_, false)) return {};
  if (event.name.empty()) event.name = "message";
  event.id = last_id_;
  return on_event(event);
}

}  // namespace docmind::net
