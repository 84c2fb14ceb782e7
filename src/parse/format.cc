#include "parse/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "parse/archive.h"
#include "parse/charset.h"

namespace docmind::parse {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kWhatWeRead = "Add a PDF, DOCX, EPUB, HTML, Markdown or text file.";

Error refused(std::string_view what, std::string_view hint = kWhatWeRead) {
  return {Code::kInvalidArgument, fmt::format("the file is {}", what), std::string(hint)};
}

std::string extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name.size() - dot > 12) return {};
  std::string out(name.substr(dot + 1));
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

struct Magic {
  std::string_view bytes;
  std::string_view what;
  std::string_view hint;
};

constexpr std::string_view kUnpack = "Unpack it and add what is inside.";
constexpr std::string_view kPicture = "Pictures are not read; add a PDF with a text layer (OCR) instead.";
constexpr std::array kMagics = {
    Magic{"\x89PNG"sv, "a picture (PNG), not a document", kPicture},
    Magic{"\xff\xd8\xff"sv, "a picture (JPEG), not a document", kPicture},
    Magic{"GIF8"sv, "a picture (GIF), not a document", kPicture},
    Magic{"II*\0"sv, "a picture (TIFF), not a document", kPicture},
    Magic{"MM\0*"sv, "a picture (TIFF), not a document", kPicture},
    Magic{"\x7f"
          "ELF"sv,
          "a program (ELF), not a document", kWhatWeRead},
    Magic{"MZ\x90\0"sv, "a program (Windows), not a document", kWhatWeRead},
    Magic{"SQLite format 3\0"sv, "a database (SQLite), not a document", kWhatWeRead},
    Magic{"\x1f\x8b"sv, "compressed (gzip)", kUnpack},
    Magic{"BZh9"sv, "compressed (bzip2)", kUnpack},
    Magic{"\xfd"
          "7zXZ\0"sv,
          "compressed (xz)", kUnpack},
    Magic{"\x28\xb5\x2f\xfd"sv, "compressed (zstd)", kUnpack},
    Magic{"7z\xbc\xaf\x27\x1c"sv, "an archive (7z)", kUnpack},
    Magic{"Rar!\x1a\x07"sv, "an archive (RAR)", kUnpack},
    Magic{"{\\rtf"sv, "RTF, which is not supported yet", "Save it as DOCX or PDF and add that file."},
    Magic{"%!PS"sv, "PostScript, which is not supported", "Convert it to PDF and add that file."},
    Magic{"OggS"sv, "sound or video, not a document", kWhatWeRead},
    Magic{"ID3\x03"sv, "sound (MP3), not a document", kWhatWeRead},
    Magic{"GGUF"sv, "a model (GGUF), not a document", "Put it into the models folder instead."}};

// A name inside an OLE file, where text is UTF-16.
bool holds_utf16(std::string_view bytes, std::string_view ascii) {
  std::string wide;
  for (const char c : ascii) wide.append({c, '\0'});
  return bytes.find(wide) != std::string_view::npos;
}

Error ole(std::string_view bytes) {
  if (holds_utf16(bytes, "EncryptedPackage")) {
    return refused("protected by a password", "Save it without a password and add that file.");
  }
  return refused("an old Office file (.doc, .xls, .ppt), which is not supported",
                 "Save it as DOCX or PDF and add that file.");
}

Result<Format> zip_format(std::string_view bytes, const ArchiveLimits& limits) {
  const auto archive = DM_TRY(Archive::open(bytes, limits));
  if (archive->has("META-INF/container.xml")) return Format::kEpub;
  const auto below = [&](std::string_view folder) {
    return std::any_of(archive->names().begin(), archive->names().end(),
                       [&](const std::string& name) { return name.starts_with(folder); });
  };
  if (archive->has("[Content_Types].xml") || archive->has("_rels/.rels")) {
    if (below("word/")) return Format::kDocx;
    if (below("xl/"))
      return refused("a spreadsheet (XLSX), which is not supported yet", "Save it as PDF and add that file.");
    if (below("ppt/"))
      return refused("a presentation (PPTX), which is not supported yet", "Save it as PDF and add that file.");
  }
  if (archive->has("content.xml") && archive->has("mimetype")) {
    return refused("an OpenDocument file, which is not supported yet", "Save it as DOCX or PDF and add that file.");
  }
  return refused("an archive (zip), not a document", kUnpack);
}

bool starts_like_html(std::string_view bytes) {
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  std::string head(bytes.substr(first, 16));
  std::transform(head.begin(), head.end(), head.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return head.starts_with("<!doctype html") || head.starts_with("<html");
}

Result<Format> text_format(std::string_view bytes, const std::string& extension) {
  DM_TRY(check_is_text(bytes));
  if (extension == "pdf" || extension == "docx" || extension == "epub") {
    return refused(fmt::format("no {}, although its name says so", extension == "pdf"    ? "PDF"
                                                                   : extension == "docx" ? "DOCX"
                                                                                         : "EPUB"),
                   "Fetch or save it again; if it is text, rename it to .txt.");
  }
  if (extension == "html" || extension == "htm" || extension == "xhtml") return Format::kHtml;
  if (extension == "md" || extension == "markdown" || extension == "mdown" || extension == "mkd")
    return Format::kMarkdown;
  if (extension != "txt" && extension != "text" && starts_like_html(bytes)) return Format::kHtml;
  return Format::kText;
}

}  // namespace

Result<Format> format_of(std::string_view bytes, std::string_view name, const ArchiveLimits& limits) {
  if (bytes.empty()) return refused("empty", "Check that it was saved or copied whole.");
  if (bytes.starts_with("%PDF-")) return Format::kPdf;
  const std::string extension = extension_of(name);
  // Some producers put bytes before the header; the standard allows it within the first 1024.
  if (extension == "pdf" && bytes.substr(0, 1'024).find("%PDF-") != std::string_view::npos) return Format::kPdf;
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) return zip_format(bytes, limits);
  if (bytes.starts_with("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")) return ole(bytes);
  for (const Magic& magic : kMagics) {
    if (bytes.starts_with(magic.bytes)) return refused(magic.what, magic.hint);
  }
  return text_format(bytes, extension);
}

}  // namespace docmind::parse
