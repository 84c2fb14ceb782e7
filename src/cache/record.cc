#include "cache/record.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace docmind::cache {
namespace {

constexpr std::string_view kMagic = "DMA1";
constexpr std::size_t kLeastPlace = 32 + 16 + 12;  // Bytes of a cited place without its texts.

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void u32(std::uint64_t value) { number(value, 4); }
  void u64(std::uint64_t value) { number(value, 8); }
  void text(std::string_view value) {
    u32(value.size());
    out_ += value;
  }
  void hash(const ContentHash& value) { out_ += value.view(); }

 private:
  void number(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out_ += static_cast<char>((value >> (8 * i)) & 0xffU);
  }
  std::string& out_;
};

// Reads on after a failure as if all were zero; ok() tells in the end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && left_.empty(); }

  std::string_view bytes(std::uint64_t size) {
    if (size > left_.size()) {
      ok_ = false;
      left_ = {};
      return {};
    }
    const std::string_view out = left_.substr(0, size);
    left_.remove_prefix(size);
    return out;
  }
  std::uint64_t u32() { return number(4); }
  std::uint64_t u64() { return number(8); }
  std::string text() { return std::string(bytes(u32())); }
  ContentHash hash() {
    ContentHash out;
    const std::string_view from = bytes(out.bytes.size());
    if (from.size() == out.bytes.size()) std::memcpy(out.bytes.data(), from.data(), from.size());
    return out;
  }
  Renewal renewal() {
    const std::uint64_t number = u32();
    ok_ = ok_ && number <= static_cast<std::uint64_t>(Renewal::kNone);
    return static_cast<Renewal>(number);
  }
  // Of items that take `least` bytes each.
  std::uint64_t count(std::size_t least) {
    const std::uint64_t items = u32();
    if (items > left_.size() / least) ok_ = false;
    return ok_ ? items : 0;
  }

 private:
  std::uint64_t number(std::uint64_t size) {
    std::uint64_t out = 0;
    const std::string_view from = bytes(size);
    for (std::size_t i = 0; i < from.size(); ++i) {
      out |= static_cast<std::uint64_t>(static_cast<unsigned char>(from[i])) << (8 * i);
    }
    return out;
  }
  std::string_view left_;
  bool ok_ = true;
};

void write(const Manifest& manifest, Writer& out) {
  out.u32(manifest.cited.size());
  for (const CitedPlace& place : manifest.cited) {
    out.text(place.document_id);
    out.text(place.path);
    out.text(place.version);
    out.u64(place.span.start);
    out.u64(place.span.end);
    out.hash(place.quote);
  }
  out.u32(manifest.read.size());
  for (const std::string& id : manifest.read) out.text(id);
  out.u32(static_cast<std::uint64_t>(manifest.renewal));
  out.hash(manifest.best);
  out.u64(manifest.generation);
}

Manifest read_manifest(Reader& in) {
  Manifest manifest;
  for (std::uint64_t left = in.count(kLeastPlace); left > 0 && in.ok(); --left) {
    CitedPlace& place = manifest.cited.emplace_back();
    place.document_id = in.text();
    place.path = in.text();
    place.version = in.text();
    place.span.start = in.u64();
    place.span.end = in.u64();
    place.quote = in.hash();
  }
  for (std::uint64_t left = in.count(4); left > 0 && in.ok(); --left) manifest.read.push_back(in.text());
  manifest.renewal = in.renewal();
  manifest.best = in.hash();
  manifest.generation = in.u64();
  return manifest;
}

}  // namespace

std::string write_record(const Record& record) {
  std::string bytes(kMagic);
  bytes.reserve(record.answer.size() + (2 * record.vector.size()) + 1024);
  Writer out(bytes);
  out.hash(record.scope);
  for (const std::string* text : {&record.key, &record.name, &record.question, &record.space, &record.user,
                                  &record.session, &record.trace_id, &record.said}) {
    out.text(*text);
  }
  out.u32(record.vector.size());
  for (const Half half : record.vector) {
    bytes += static_cast<char>(half & 0xffU);
    bytes += static_cast<char>(half >> 8U);
  }
  out.u64(static_cast<std::uint64_t>(record.made_ms));
  out.u64(std::bit_cast<std::uint64_t>(record.seconds));
  out.u64(record.tokens);
  write(record.manifest, out);
  out.text(record.answer);
  return bytes;
}

Result<Record> read_record(std::string_view bytes) {
  Reader in(bytes);
  const bool known = in.bytes(kMagic.size()) == kMagic;
  Record record;
  record.scope = in.hash();
  for (std::string* text : {&record.key, &record.name, &record.question, &record.space, &record.user, &record.session,
                            &record.trace_id, &record.said}) {
    *text = in.text();
  }
  const std::string_view halves = in.bytes(2 * in.u32());
  for (std::size_t i = 0; i < halves.size(); i += 2) {
    const auto low = static_cast<unsigned char>(halves[i]);
    const auto high = static_cast<unsigned char>(halves[i + 1]);
    record.vector.push_back(static_cast<Half>(low | (high << 8U)));
  }
  record.made_ms = static_cast<std::int64_t>(in.u64());
  record.seconds = std::bit_cast<double>(in.u64());
  record.tokens = in.u64();
  record.manifest = read_manifest(in);
  record.answer = in.text();
  if (!known || !in.at_end() || !std::isfinite(record.seconds)) {
    return Error{Code::kDataLoss, "A kept answer is damaged.", "Nothing: it is dropped, and made anew when asked for."};
  }
  return record;
}

}  // namespace docmind::cache
