#include "parse/epub.h"

#include <fmt/format.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "parse/charset.h"
#include "parse/flow.h"
#include "parse/html.h"
#include "parse/xml.h"

namespace docmind::parse {
namespace {

constexpr std::string_view kHint = "Convert the book again, or add it in another format.";

struct Chapter {
  std::string path;     // In the archive.
  std::string locator;  // Without the book's own folder.
  bool contents = false;
};

struct Book {
  std::string title;
  std::vector<Chapter> chapters;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// "a%20b.xhtml#x" to "a b.xhtml".
std::string decoded_path(std::string_view href) {
  href = href.substr(0, href.find_first_of("#?"));
  std::string out;
  for (std::size_t i = 0; i < href.size(); ++i) {
    const bool escape =
        href[i] == '%' && i + 2 < href.size() && hex_digit(href[i + 1]) >= 0 && hex_digit(href[i + 2]) >= 0;
    out += escape ? static_cast<char>(hex_digit(href[i + 1]) * 16 + hex_digit(href[i + 2])) : href[i];
    if (escape) i += 2;
  }
  return out;
}

// "OEBPS/x/../a.xhtml" to "OEBPS/a.xhtml"; ".." above the top stays at the top.
std::string resolved(std::string_view folder, std::string_view path) {
  std::string whole(path.starts_with('/') ? "" : folder);
  whole += path;
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= whole.size();) {
    const std::size_t end = std::min(whole.find('/', at), whole.size());
    const std::string_view part = std::string_view(whole).substr(at, end - at);
    at = end + 1;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string out;
  for (const std::string_view part : parts) out += (out.empty() ? "" : "/") + std::string(part);
  return out;
}

pugi::xml_node descendant(const pugi::xml_node& root, std::string_view name) {
  return root.find_node([&](const pugi::xml_node& node) { return local_name(node) == name; });
}

// Encrypted chapters mean copy protection; scrambled fonts do not.
Result<> check_protection(Archive& archive) {
  if (!archive.has("META-INF/encryption.xml")) return {};
  pugi::xml_document document;
  const std::string bytes = DM_TRY(archive.read("META-INF/encryption.xml"));
  DM_TRY(load_xml(bytes, "META-INF/encryption.xml", document));
  const pugi::xml_node locked = document.find_node([](const pugi::xml_node& node) {
    const std::string_view method = attribute(node, "Algorithm");
    return local_name(node) == "EncryptionMethod" && local_name(node.parent()) == "EncryptedData" &&
           method != "http://www.idpf.org/2008/embedding" && method != "http://ns.adobe.com/pdf/enc#RC";
  });
  if (!locked) return {};
  return Error{Code::kInvalidArgument, "the book has copy protection", "Add a copy without protection."};
}

Result<Book> read_package(Archive& archive, std::string_view path) {
  pugi::xml_document document;
  const std::string bytes = DM_TRY(archive.read(path));
  DM_TRY(load_xml(bytes, path, document));
  const pugi::xml_node package = child(document, "package");
  Book book;
  book.title = child(child(package, "metadata"), "title").text().get();
  const std::string folder(path.substr(0, path.rfind('/') + 1));
  std::unordered_map<std::string_view, pugi::xml_node> items;
  for (const pugi::xml_node& item : child(package, "manifest").children()) items.emplace(attribute(item, "id"), item);
  for (const pugi::xml_node& entry : child(package, "spine").children()) {
    const auto item = items.find(attribute(entry, "idref"));
    if (local_name(entry) != "itemref" || item == items.end()) continue;
    const std::string href = decoded_path(attribute(item->second, "href"));
    const std::string_view properties = attribute(item->second, "properties");
    std::string part = resolved(folder, href);
    std::string locator = part.starts_with(folder) ? part.substr(folder.size()) : part;
    book.chapters.push_back({std::move(part), std::move(locator), properties.find("nav") != std::string_view::npos});
  }
  return book;
}

Result<> append_chapter(Archive& archive, const Chapter& chapter, Flow& flow) {
  const std::string bytes = DM_TRY(archive.read(chapter.path));
  const DecodedText decoded = DM_TRY(decode(bytes, ""));
  DM_TRY(check_is_text(decoded.text));
  flow.locator(chapter.locator);
  flow.source(!chapter.contents);
  append_html(expand_empty_elements(decoded.text), HtmlKind::kPart, flow);
  flow.source(true);
  return {};
}

}  // namespace

Result<doc::Parsed> parse_epub(Archive& archive, std::uint64_t max_text) {
  DM_TRY(check_protection(archive));
  pugi::xml_document container;
  const std::string bytes = DM_TRY(archive.read("META-INF/container.xml"));
  DM_TRY(load_xml(bytes, "META-INF/container.xml", container));
  const std::string package = decoded_path(attribute(descendant(container, "rootfile"), "full-path"));
  if (!archive.has(package)) {
    return Error{Code::kDataLoss, "the book is broken: its list of chapters is missing", std::string(kHint)};
  }
  const Book book = DM_TRY(read_package(archive, package));
  DocumentBuilder builder("epub", max_text);
  builder.title(book.title);
  Flow flow(builder);
  std::size_t lost = 0;
  for (const Chapter& chapter : book.chapters) {
    if (builder.full()) break;
    const Result<> done = append_chapter(archive, chapter, flow);
    if (done) continue;
    if (done.error().code == Code::kResourceExhausted || done.error().code == Code::kInvalidArgument)
      return done.error();
    ++lost;
    builder.warn(fmt::format("Chapter {} could not be read and was left out.", chapter.locator));
  }
  if (builder.empty() && lost > 0)
    return Error{Code::kDataLoss, "the book is broken: no chapter can be read", std::string(kHint)};
  return std::move(builder).finish();
}

}  // namespace docmind::parse
