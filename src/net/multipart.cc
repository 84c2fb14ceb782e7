#include "net/multipart.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "net/http.h"

namespace docmind::net {
namespace {

constexpr std::size_t kMaxBoundary = 70;  // RFC 2046, 5.1.1.

Error broken(std::string_view why) {
  return {Code::kInvalidArgument, "the upload's form data is broken: " + std::string(why),
          "Send it as multipart/form-data, the file in a field named file."};
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes a value off the front of text: a token, or a quoted string in which a backslash protects '"' and itself.
// Other backslashes stay, for browsers on Windows send them bare.
std::optional<std::string> take_value(std::string_view& text) {
  if (!text.starts_with('"')) {
    const std::string_view token = text.substr(0, text.find(';'));
    text.remove_prefix(token.size());
    return std::string(trim(token));
  }
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return out;
    }
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
    out += text[i];
  }
  return std::nullopt;
}

// The value of one parameter of a header field: text; name=value; name="value".
Result<std::optional<std::string>> parameter(std::string_view field, std::string_view wanted) {
  std::string_view rest = field.substr(std::min(field.find(';'), field.size()));
  std::optional<std::string> found;
  while (!rest.empty()) {
    rest = trim(rest.substr(1));
    const std::size_t equals = rest.find('=');
    if (rest.empty()) break;
    if (equals == std::string_view::npos) return broken("a parameter has no value");
    const std::string_view name = trim(rest.substr(0, equals));
    rest = trim(rest.substr(equals + 1));
    std::optional<std::string> value = take_value(rest);
    rest = trim(rest);
    if (!value || (!rest.empty() && rest.front() != ';')) return broken("a quoted value does not end");
    if (!same_name(name, wanted)) continue;
    if (found) return broken("a parameter is given twice");
    found = std::move(value);
  }
  return found;
}

// Browsers escape what would break the quoted string: %22, %0D, %0A. Nothing else is decoded.
std::string unescape_name(std::string name) {
  for (const auto& [escape, character] : {std::pair{"%22", '"'}, {"%0D", ' '}, {"%0A", ' '}}) {
    for (std::size_t at = name.find(escape); at != std::string::npos; at = name.find(escape, at)) {
      name.replace(at, 3, 1, character);
    }
  }
  return name;
}

Result<> read_field(std::string_view line, FormPart& part) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return broken("a part's header has no colon");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  if (same_name(name, "Content-Type")) part.content_type = value;
  if (!same_name(name, "Content-Disposition")) return {};
  if (media_type(value) != "form-data") return broken("a part is no form-data");
  std::optional<std::string> field = DM_TRY(parameter(value, "name"));
  std::optional<std::string> file = DM_TRY(parameter(value, "filename"));
  if (!field) return broken("a part has no name");
  part.name = unescape_name(*std::move(field));
  part.file_name.reset();
  if (file) part.file_name = unescape_name(*std::move(file));
  const std::string_view file_name = part.file_name ? *part.file_name : std::string_view();
  const bool has_nul = file_name.find('\0') != std::string_view::npos;
  if (!is_utf8(part.name) || !is_utf8(file_name) || has_nul) return broken("a name is not UTF-8");
  return {};
}

Result<FormPart> read_part(std::string_view text, const MultipartLimits& limits) {
  const std::size_t end = text.substr(0, limits.header_bytes).find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (text.size() <= limits.header_bytes) return broken("a part has no end of its header");
    return Error{Code::kResourceExhausted, "a part of the upload has too large a header", "Use a shorter file name."};
  }
  FormPart part;
  std::string_view header = text.substr(0, end);
  while (!header.empty()) {
    const std::string_view line = header.substr(0, header.find("\r\n"));
    DM_TRY(read_field(line, part));
    header.remove_prefix(std::min(line.size() + 2, header.size()));
  }
  if (part.name.empty()) return broken("a part has no name");
  part.bytes = text.substr(end + 4);
  return part;
}

}  // namespace

Result<std::vector<FormPart>> parse_multipart(std::string_view content_type, std::string_view body,
                                              MultipartLimits limits) {
  if (media_type(content_type) != "multipart/form-data") return broken("it is no multipart/form-data");
  const std::optional<std::string> boundary = DM_TRY(parameter(content_type, "boundary"));
  if (!boundary || boundary->empty() || boundary->size() > kMaxBoundary) return broken("it has no usable boundary");
  const std::string mark = "\r\n--" + *boundary;
  std::vector<FormPart> parts;
  std::size_t at = 0;
  if (!body.starts_with(std::string_view(mark).substr(2))) {  // The first boundary may come without its line break.
    at = body.find(mark);
    if (at == std::string_view::npos) return broken("its boundary does not appear");
    at += 2;
  }
  at += mark.size() - 2;
  while (!body.substr(at).starts_with("--")) {
    if (!body.substr(at).starts_with("\r\n")) return broken("a boundary is followed by other text");
    at += 2;
    const std::size_t end = body.find(mark, at);
    if (end == std::string_view::npos) return broken("it ends before its last boundary");
    if (parts.size() == limits.parts) {
      return Error{Code::kResourceExhausted, "the upload has too many parts", "Send fewer files at once."};
    }
    parts.push_back(DM_TRY(read_part(body.substr(at, end - at), limits)));
    at = end + mark.size();
  }
  return parts;
}

}  // namespace docmind::net
