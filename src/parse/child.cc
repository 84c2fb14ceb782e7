#include "parse/child.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "parse/format.h"
#include "parse/frame.h"
#include "parse/pdf_picture.h"

namespace docmind::parse {
namespace {

Result<std::string> read_all(int fd, std::uint64_t max_bytes) {
  std::string out;
  std::array<char, 1U << 16U> piece;
  for (;;) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got == 0) return out;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{Code::kInternal, "the document cannot be read", ""};
    out.append(piece.data(), static_cast<std::size_t>(got));
    if (out.size() > max_bytes) {
      return Error{Code::kResourceExhausted, fmt::format("the document is larger than {} MiB", max_bytes >> 20U),
                   "Split it into smaller files, or raise the setting parse.max_file_mb."};
    }
  }
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

Result<Picture> draw(const std::string& bytes, const ChildOptions& options) {
  if (DM_TRY(format_of(bytes, options.name, options.parse.archive)) != Format::kPdf) {
    return Error{Code::kNotFound, "this format has no pages", "Show its text instead."};
  }
  return picture_of_pdf(bytes, options.page, options.width, options.parse.pdf);
}

std::string read_and_parse(const ChildOptions& options) {
  const Result<std::string> bytes = read_all(options.input, options.max_input);
  if (!bytes) return encode_frame(bytes.error());
  if (options.page > 0) return encode_picture(draw(*bytes, options));
  return encode_frame(parse(*bytes, options.name, options.parse));
}

// The process's last net: the libraries below throw when memory ends, and the parent deserves to hear why.
std::string frame_of(const ChildOptions& options) {
  try {
    return read_and_parse(options);
  } catch (const std::bad_alloc&) {
    return encode_frame(Error{Code::kResourceExhausted, "the document needs more memory than a parser may use",
                              "Split it, or raise the setting parse.memory_mb."});
  } catch (const std::exception&) {
    return encode_frame(
        Error{Code::kDataLoss, "the parser failed on this document", "Save it again and add that file."});
  }
}

}  // namespace

int run_child(const ChildOptions& options) { return write_all(options.output, frame_of(options)) ? 0 : 1; }

}  // namespace docmind::parse
