// Whole manuals of Debian packages: the same text exists as HTML, EPUB and TXT, so each says whether the others are
// right.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/utf8.h"
#include "parse/clean_text.h"
#include "parse/parse.h"

namespace docmind::parse {
namespace {

namespace fs = std::filesystem;

std::string file(const fs::path& path) {
  std::string out;
  if (path.extension() == ".gz") {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(("zcat " + path.string()).c_str(), "r"), ::pclose);
    std::array<char, 1U << 16U> piece;
    for (std::size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), pipe.get())) > 0;)
      out.append(piece.data(), got);
  } else {
    std::ifstream in(path, std::ios::binary);
    out.assign(std::istreambuf_iterator<char>(in), {});
  }
  EXPECT_FALSE(out.empty()) << path << ": install the packages of deps/apt.txt";
  return out;
}

doc::Parsed parsed(const fs::path& path) {
  const fs::path name = path.extension() == ".gz" ? path.stem() : path.filename();
  Result<doc::Parsed> result = parse(file(path), name.string(), {});
  if (!result) {
    ADD_FAILURE() << path << ": " << result.error().message;
    return {};
  }
  const Result<> ok = doc::valid(*result);
  EXPECT_TRUE(ok) << path << ": " << ok.error().message;
  return *std::move(result);
}

enum class Blocks { kAll, kSources };

std::string text_of(const doc::Parsed& document, Blocks which) {
  std::string out;
  for (const doc::Block& block : document.blocks) {
    if (which == Blocks::kAll || block.source) out += document.text.substr(block.span.start, block.span.size()) + "\n";
  }
  return out;
}

// Words in lower case with their counts; a Han or kana character is a word.
std::map<std::string, std::size_t> words_of(std::string_view text) {
  std::map<std::string, std::size_t> words;
  std::string word;
  const auto close = [&] {
    if (!word.empty()) ++words[std::exchange(word, {})];
  };
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    const std::string_view bytes = text.substr(at, c.length);
    at += c.length;
    if (is_solid(c.value)) {
      close();
      ++words[std::string(bytes)];
    } else if (c.value >= 0xc0 || std::isalnum(static_cast<unsigned char>(bytes[0])) != 0) {
      word += c.value < 0x80 ? std::string(1, static_cast<char>(std::tolower(static_cast<unsigned char>(bytes[0]))))
                             : std::string(bytes);
    } else {
      close();
    }
  }
  close();
  return words;
}

double word_f1(std::string_view text, std::string_view truth) {
  const auto a = words_of(text);
  const auto b = words_of(truth);
  double common = 0;
  double total = 0;
  for (const auto& [word, count] : a) {
    total += static_cast<double>(count);
    if (const auto found = b.find(word); found != b.end())
      common += static_cast<double>(std::min(count, found->second));
  }
  for (const auto& [word, count] : b) total += static_cast<double>(count);
  const double f1 = 2 * common / total;
  std::printf("    word F1 %.4f over %.0f words\n", f1, total / 2);
  return f1;
}

// All pages of a folder whose name ends so, without indexes and search forms.
std::string pages(const fs::path& folder, std::string_view suffix, Blocks which) {
  std::set<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool other =
        name.starts_with("search") || name.starts_with("genindex") || entry.is_symlink() || !name.ends_with(suffix);
    if (!other && name != "developers-reference.html") paths.insert(entry.path());
  }
  std::string out;
  for (const fs::path& path : paths) out += text_of(parsed(path), which);
  return out;
}

// "(https://…)" behind each link: the text version has it, the page shows only the link.
std::string without_addresses(std::string text) {
  for (std::size_t at = text.find(" (http"); at != std::string::npos; at = text.find(" (http", at)) {
    const std::size_t end = text.find(')', at);
    if (end == std::string::npos || end - at > 300) {
      ++at;
    } else {
      text.erase(at, end + 1 - at);
    }
  }
  return text;
}

const fs::path kDoc = "/usr/share/doc";
const fs::path kReference = "/usr/share/developers-reference";

TEST(Manuals, HtmlHasTheWordsOfTheText) {
  EXPECT_GE(word_f1(pages(kReference, ".html", Blocks::kAll), file(kReference / "developers-reference.txt.gz")), 0.97);
  EXPECT_GE(word_f1(pages(kDoc / "debian-policy/policy.html", ".html", Blocks::kAll),
                    file(kDoc / "debian-policy/policy.txt.gz")),
            0.97);
  // These show a list of contents on each page, and addresses in the text only.
  const std::string faq = text_of(parsed(kDoc / "debian/FAQ/debian-faq.en.txt.gz"), Blocks::kSources);
  EXPECT_GE(
      word_f1(without_addresses(pages(kDoc / "debian/FAQ", ".en.html", Blocks::kSources)), without_addresses(faq)),
      0.97);
  EXPECT_GE(word_f1(pages(kDoc / "debmake-doc/html", ".en.html", Blocks::kAll),
                    file(kDoc / "debmake-doc/debmake-doc.en.txt.gz")),
            0.97);
}

TEST(Manuals, EpubHasTheWordsOfTheText) {
  const auto f1 = [](const fs::path& epub, const fs::path& text) {
    const doc::Parsed document = parsed(epub);
    EXPECT_EQ(document.type, "epub");
    EXPECT_FALSE(document.title.empty());
    EXPECT_TRUE(std::all_of(document.blocks.begin(), document.blocks.end(),
                            [](const doc::Block& b) { return !b.locator.empty(); }));
    return word_f1(document.text, file(text));
  };
  EXPECT_GE(f1(kDoc / "debian-policy/policy.epub", kDoc / "debian-policy/policy.txt.gz"), 0.97);
  EXPECT_GE(f1(kReference / "developers-reference.epub", kReference / "developers-reference.txt.gz"), 0.97);
  EXPECT_GE(f1(kDoc / "debmake-doc/debmake-doc.en.epub", kDoc / "debmake-doc/debmake-doc.en.txt.gz"), 0.97);
  EXPECT_GE(f1(kDoc / "debmake-doc/debmake-doc.zh-cn.epub", kDoc / "debmake-doc/debmake-doc.zh-cn.txt.gz"), 0.97);
  EXPECT_GE(f1(kDoc / "debmake-doc/debmake-doc.ja.epub", kDoc / "debmake-doc/debmake-doc.ja.txt.gz"), 0.97);
}

TEST(Manuals, TextLosesNoWord) {
  for (const fs::path& path :
       {kDoc / "debian-policy/policy.txt.gz", kReference / "developers-reference.txt.gz",
        kDoc / "debian/FAQ/debian-faq.en.txt.gz", kDoc / "debmake-doc/debmake-doc.zh-cn.txt.gz"}) {
    EXPECT_GE(word_f1(parsed(path).text, file(path)), 0.998) << path;
  }
}

std::vector<std::string> headings(const doc::Parsed& document) {
  std::vector<std::string> out;
  for (const doc::Block& block : document.blocks) {
    std::string text = document.text.substr(block.span.start, block.span.size());
    std::erase_if(text, [](char c) { return std::string_view(" \"*_`").find(c) != std::string_view::npos; });
    if (block.kind == doc::BlockKind::kHeading) out.push_back(std::move(text));
  }
  return out;
}

// The headings that the text's looks give against those that the pages mark.
TEST(Manuals, HeadingsOfTheText) {
  std::set<std::string> truth;
  for (const auto& entry : fs::directory_iterator(kDoc / "debian/FAQ")) {
    if (!entry.path().string().ends_with(".en.html")) continue;
    for (std::string& heading : headings(parsed(entry.path()))) {
      if (std::isdigit(static_cast<unsigned char>(heading[0])) != 0 || heading.starts_with("Chapter"))
        truth.insert(std::move(heading));
    }
  }
  std::size_t found = 0;
  const std::vector<std::string> got = headings(parsed(kDoc / "debian/FAQ/debian-faq.en.txt.gz"));
  for (const std::string& heading : got) found += truth.count(heading);
  std::printf("    headings: %zu in the pages, %zu in the text, %zu the same\n", truth.size(), got.size(), found);
  EXPECT_GE(found * 100, truth.size() * 95);
  EXPECT_GE(found * 100, got.size() * 95);
}

}  // namespace
}  // namespace docmind::parse
