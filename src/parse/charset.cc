#include "parse/charset.h"

#include <fmt/format.h>
#include <uchardet.h>
#include <unicode/ucnv.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/utf8.h"

namespace docmind::parse {
namespace {

constexpr std::size_t kSample = 256U << 10U;  // Bytes that decide about the charset.

struct Mark {
  std::string_view bytes;
  const char* charset;
};
using namespace std::string_view_literals;
constexpr std::array kMarks = {Mark{"\xef\xbb\xbf"sv, "UTF-8"}, Mark{"\xff\xfe\0\0"sv, "UTF-32LE"},
                               Mark{"\0\0\xfe\xff"sv, "UTF-32BE"}, Mark{"\xff\xfe"sv, "UTF-16LE"},
                               Mark{"\xfe\xff"sv, "UTF-16BE"}};

const Mark* mark_of(std::string_view bytes) {
  const auto* found =
      std::find_if(kMarks.begin(), kMarks.end(), [&](const Mark& mark) { return bytes.starts_with(mark.bytes); });
  return found == kMarks.end() ? nullptr : found;
}

// UTF-16 without a mark: mostly ASCII characters, so every second byte is NUL.
const char* utf16_by_zeros(std::string_view bytes) {
  const std::string_view sample = bytes.substr(0, std::min(bytes.size(), kSample));
  if (sample.size() < 4 || bytes.size() % 2 != 0) return nullptr;
  std::array<std::size_t, 2> zeros{};
  for (std::size_t i = 0; i < sample.size(); ++i) zeros[i % 2] += sample[i] == '\0' ? 1 : 0;
  const std::size_t half = sample.size() / 2;
  if (zeros[1] * 10 > half * 6 && zeros[0] * 50 < half) return "UTF-16LE";
  if (zeros[0] * 10 > half * 6 && zeros[1] * 50 < half) return "UTF-16BE";
  return nullptr;
}

Result<DecodedText> utf8(std::string_view bytes) {
  DecodedText out{.text = {}, .charset = "UTF-8"};
  out.text = is_utf8(bytes) ? std::string(bytes) : to_utf8(bytes, out.replaced);
  return out;
}

Result<DecodedText> convert(std::string_view bytes, const char* charset) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UConverter, void (*)(UConverter*)> from(ucnv_open(charset, &status), ucnv_close);
  const std::unique_ptr<UConverter, void (*)(UConverter*)> to(ucnv_open("UTF-8", &status), ucnv_close);
  if (U_FAILURE(status)) return Error{Code::kInvalidArgument, "the file's character set is not known", ""};
  DecodedText out{.text = {}, .charset = charset};
  std::array<char, 1U << 16U> piece;
  std::array<UChar, 1U << 14U> pivot;
  UChar* pivot_from = pivot.data();
  UChar* pivot_to = pivot.data();
  const char* source = bytes.data();
  const char* const end = bytes.data() + bytes.size();
  UBool first = true;
  do {
    status = U_ZERO_ERROR;
    char* target = piece.data();
    ucnv_convertEx(to.get(), from.get(), &target, piece.data() + piece.size(), &source, end, pivot.data(), &pivot_from,
                   &pivot_to, pivot.data() + pivot.size(), first, true, &status);
    first = false;
    out.text.append(piece.data(), static_cast<std::size_t>(target - piece.data()));
  } while (status == U_BUFFER_OVERFLOW_ERROR);
  if (U_FAILURE(status)) return Error{Code::kInvalidArgument, "the file's text cannot be read", ""};
  for (std::size_t at = out.text.find("\xef\xbf\xbd"); at != std::string::npos;
       at = out.text.find("\xef\xbf\xbd", at + 3)) {
    ++out.replaced;
  }
  return out;
}

// A long UTF-8 file with a few broken places is UTF-8: well-formed sequences outnumber the broken ones by far.
bool mostly_utf8(std::string_view bytes, const DecodedText& decoded) {
  const auto high =
      std::count_if(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7f; });
  return decoded.replaced * 20 < static_cast<std::uint64_t>(high);
}

std::string guess(std::string_view bytes) {
  const std::unique_ptr<struct uchardet, void (*)(uchardet_t)> detector(uchardet_new(), uchardet_delete);
  if (uchardet_handle_data(detector.get(), bytes.data(), std::min(bytes.size(), kSample)) != 0) return {};
  uchardet_data_end(detector.get());
  return uchardet_get_charset(detector.get());
}

}  // namespace

Result<DecodedText> decode(std::string_view bytes, std::string_view declared) {
  if (const Mark* mark = mark_of(bytes); mark != nullptr) {
    const std::string_view body = bytes.substr(mark->bytes.size());
    return mark->charset == "UTF-8"sv ? utf8(body) : convert(body, mark->charset);
  }
  if (const char* charset = utf16_by_zeros(bytes); charset != nullptr) return convert(bytes, charset);
  DecodedText plain = DM_TRY(utf8(bytes));
  if (plain.replaced == 0 || mostly_utf8(bytes, plain)) return plain;
  for (const std::string& charset : {std::string(declared), guess(bytes), std::string("windows-1252")}) {
    if (charset.empty() || charset.size() > 40 || charset.find('\0') != std::string::npos) continue;
    if (Result<DecodedText> converted = convert(bytes, charset.c_str()); converted) return converted;
  }
  return plain;
}

Result<> check_is_text(std::string_view bytes) {
  if (mark_of(bytes) != nullptr || utf16_by_zeros(bytes) != nullptr) return {};
  const std::string_view sample = bytes.substr(0, std::min<std::size_t>(bytes.size(), 16U << 20U));
  std::size_t zeros = 0;
  std::size_t controls = 0;
  for (const char c : sample) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) ++zeros;
    // Escape (colours of a terminal), backspace (overstrikes) and SUB (an old end of file) happen in text.
    if (byte < 0x20 && (byte < '\t' || byte > '\r') && byte != 0x1b && byte != '\b' && byte != 0x1a) ++controls;
  }
  if (zeros * 1'000 <= sample.size() && controls * 100 <= sample.size()) return {};
  return Error{
      Code::kInvalidArgument,
      fmt::format("the file is not text: {} of its first {} bytes are control characters", controls, sample.size()),
      "Add the document itself (PDF, DOCX, EPUB, HTML, Markdown or text), not a program or a data file."};
}

std::string replaced_warning(const DecodedText& decoded) {
  if (decoded.replaced == 0) return {};
  return fmt::format("{} characters could not be read as {} and were replaced.", decoded.replaced, decoded.charset);
}

}  // namespace docmind::parse
