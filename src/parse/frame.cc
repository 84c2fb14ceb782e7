#include "parse/frame.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

#include "base/hash.h"
#include "base/utf8.h"

namespace docmind::parse {
namespace {

static_assert(std::endian::native == std::endian::little, "the frame is little-endian");

constexpr std::string_view kMagic = "DMPF";
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kHeader = 4 + 2 + 2 + 8;
constexpr std::size_t kChecksum = 32;
constexpr std::size_t kMaxErrorText = 4U << 10U;

enum class Kind : std::uint16_t { kResult = 1, kError = 2, kPicture = 3 };

class Writer {
 public:
  template <typename T>
    requires std::is_arithmetic_v<T>
  void put(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void put(std::string_view text) {
    put(static_cast<std::uint64_t>(text.size()));
    out_ += text;
  }
  std::string& bytes() { return out_; }

 private:
  std::string out_;
};

// Once something does not fit, ok() is false and every value is empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  template <typename T>
  T number() {
    T value{};
    if (!take(sizeof value)) return {};
    std::memcpy(&value, left_.data() - sizeof value, sizeof value);
    return value;
  }
  std::string text() {
    const auto size = number<std::uint64_t>();
    if (!take(size)) return {};
    return std::string(left_.data() - size, size);
  }
  // A count of items of at least `item_bytes` each, 0 when they cannot all be there.
  std::size_t count(std::size_t item_bytes) {
    const auto value = number<std::uint64_t>();
    ok_ = ok_ && value <= left_.size() / item_bytes;
    return ok_ ? value : 0;
  }
  bool ok() const { return ok_; }
  bool finished() const { return ok_ && left_.empty(); }
  void fail() { ok_ = false; }

 private:
  bool take(std::uint64_t size) {
    ok_ = ok_ && size <= left_.size();
    if (ok_) left_.remove_prefix(size);
    return ok_;
  }

  std::string_view left_;
  bool ok_ = true;
};

void write(Writer& out, const doc::Span& span) {
  out.put(span.start);
  out.put(span.end);
}

doc::Span read_span(Reader& in) {
  const auto start = in.number<std::uint64_t>();
  return {start, in.number<std::uint64_t>()};
}

void write(Writer& out, const doc::Parsed& parsed) {
  out.put(parsed.type);
  out.put(parsed.title);
  out.put(parsed.text);
  out.put(static_cast<std::uint64_t>(parsed.pages.size()));
  for (const doc::Page& page : parsed.pages) {
    write(out, page.span);
    out.put(page.label);
    out.put(page.width);
    out.put(page.height);
  }
  out.put(static_cast<std::uint64_t>(parsed.blocks.size()));
  for (const doc::Block& block : parsed.blocks) {
    write(out, block.span);
    out.put(static_cast<std::uint8_t>(block.kind));
    out.put(block.level);
    out.put(static_cast<std::uint8_t>(block.source ? 1 : 0));
    out.put(block.header);
    out.put(block.locator);
  }
  out.put(static_cast<std::uint64_t>(parsed.words.size()));
  for (const doc::Word& word : parsed.words) {
    write(out, word.span);
    out.put(word.page);
    for (const float edge : {word.left, word.top, word.right, word.bottom}) out.put(edge);
  }
  out.put(static_cast<std::uint64_t>(parsed.warnings.size()));
  for (const std::string& warning : parsed.warnings) out.put(warning);
}

doc::Block read_block(Reader& in) {
  doc::Block block;
  block.span = read_span(in);
  const auto kind = in.number<std::uint8_t>();
  if (kind > static_cast<std::uint8_t>(doc::BlockKind::kCode)) in.fail();
  block.kind = static_cast<doc::BlockKind>(kind);
  block.level = in.number<std::uint8_t>();
  const auto source = in.number<std::uint8_t>();
  if (source > 1) in.fail();
  block.source = source == 1;
  block.header = in.number<std::uint32_t>();
  block.locator = in.text();
  return block;
}

doc::Parsed read_parsed(Reader& in) {
  doc::Parsed out;
  out.type = in.text();
  out.title = in.text();
  out.text = in.text();
  out.pages.resize(in.count(16 + 8 + 8));
  for (doc::Page& page : out.pages) {
    page.span = read_span(in);
    page.label = in.text();
    page.width = in.number<float>();
    page.height = in.number<float>();
  }
  const std::size_t blocks = in.count(16 + 3 + 4 + 8);
  for (std::size_t i = 0; i < blocks && in.ok(); ++i) out.blocks.push_back(read_block(in));
  out.words.resize(in.count(16 + 4 + 16));
  for (doc::Word& word : out.words) {
    word.span = read_span(in);
    word.page = in.number<std::uint32_t>();
    for (float* edge : {&word.left, &word.top, &word.right, &word.bottom}) *edge = in.number<float>();
  }
  out.warnings.resize(in.count(8));
  for (std::string& warning : out.warnings) warning = in.text();
  return out;
}

std::string shortened(std::string_view text) { return std::string(text.substr(0, kMaxErrorText)); }

// What a person will read: one line of well-formed text of a sane length, whatever the other side sent.
std::string shown(std::string_view text) {
  std::uint64_t replaced = 0;
  std::string out = to_utf8(text.substr(0, kMaxErrorText), replaced);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return out;
}

Error garbage(std::string_view what) {
  return {Code::kDataLoss, "the parser's answer is broken: " + std::string(what),
          "Try the file again; if it fails again, leave it out."};
}

Result<doc::Parsed> decode_result(Reader in) {
  doc::Parsed parsed = read_parsed(in);
  if (!in.finished()) return garbage("a length is wrong");
  const bool all_text =
      is_utf8(parsed.title) && is_utf8(parsed.type) &&
      std::all_of(parsed.pages.begin(), parsed.pages.end(), [](const doc::Page& p) { return is_utf8(p.label); }) &&
      std::all_of(parsed.blocks.begin(), parsed.blocks.end(), [](const doc::Block& b) { return is_utf8(b.locator); });
  if (!all_text) return garbage("a name is not UTF-8");
  for (std::string& warning : parsed.warnings) warning = shown(warning);
  DM_TRY(doc::valid(parsed));
  return parsed;
}

Result<Picture> read_picture(Reader in) {
  Picture picture;
  picture.width = in.number<std::uint32_t>();
  picture.height = in.number<std::uint32_t>();
  picture.rgb = in.text();
  if (!in.finished()) return garbage("a length is wrong");
  DM_TRY(valid(picture));
  return picture;
}

Error error_in(Reader in) {
  const std::string code = in.text();
  const std::string message = in.text();
  const std::string hint = in.text();
  if (!in.finished()) return garbage("a length is wrong");
  return {code_named(code), shown(message), shown(hint)};
}

std::string framed(Kind kind, const std::string& payload) {
  Writer frame;
  frame.bytes() = kMagic;
  frame.put(kVersion);
  frame.put(static_cast<std::uint16_t>(kind));
  frame.put(static_cast<std::uint64_t>(payload.size()));
  frame.bytes() += payload;
  frame.bytes() += content_hash(frame.bytes()).view();
  return std::move(frame.bytes());
}

std::string framed(const Error& error) {
  Writer payload;
  payload.put(name(error.code));
  payload.put(shortened(error.message));
  payload.put(shortened(error.hint));
  return framed(Kind::kError, payload.bytes());
}

// The payload of a whole frame of the kind that is wanted. The Error that a frame holds instead is returned.
Result<Reader> payload_in(std::string_view bytes, Kind wanted) {
  if (bytes.size() < kHeader + kChecksum || !bytes.starts_with(kMagic)) return garbage("it is no frame");
  Reader header(bytes.substr(kMagic.size(), kHeader - kMagic.size()));
  const auto version = header.number<std::uint16_t>();
  const auto kind = header.number<std::uint16_t>();
  const auto size = header.number<std::uint64_t>();
  if (version != kVersion) return garbage("it is of another version");
  if (size != bytes.size() - kHeader - kChecksum) return garbage("it is not whole");
  const std::string_view hashed = bytes.substr(0, bytes.size() - kChecksum);
  if (content_hash(hashed).view() != bytes.substr(hashed.size())) return garbage("its checksum is wrong");
  const Reader payload(hashed.substr(kHeader));
  if (kind == static_cast<std::uint16_t>(wanted)) return payload;
  if (kind == static_cast<std::uint16_t>(Kind::kError)) return error_in(payload);
  return garbage("it is of another kind");
}

}  // namespace

std::string encode_frame(const Result<doc::Parsed>& result) {
  if (!result) return framed(result.error());
  Writer payload;
  write(payload, *result);
  return framed(Kind::kResult, payload.bytes());
}

std::string encode_picture(const Result<Picture>& result) {
  if (!result) return framed(result.error());
  Writer payload;
  payload.put(result->width);
  payload.put(result->height);
  payload.put(std::string_view(result->rgb));
  return framed(Kind::kPicture, payload.bytes());
}

Result<doc::Parsed> decode_frame(std::string_view bytes) {
  return decode_result(DM_TRY(payload_in(bytes, Kind::kResult)));
}

Result<Picture> decode_picture(std::string_view bytes) {
  return read_picture(DM_TRY(payload_in(bytes, Kind::kPicture)));
}

}  // namespace docmind::parse
