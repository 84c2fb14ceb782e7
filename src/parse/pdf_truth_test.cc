// Our PDF text against the truth: the plain text that four Debian packages ship of the same manuals, beside what raw
// PDFium (FPDFText_GetText) and poppler (pdftotext, a test oracle only) give.
//
// Words are runs of letters and digits in lower case, so that marks and spelling of dashes do not count. Nothing is
// excluded from the F1 of words (multisets), for any of the three: running heads, page numbers, contents and index
// pages count against whoever prints them; words that only the plain text has (titles of cross references, addresses
// spelled out twice) count against all three. Order is the longest common subsequence by the words of the truth. One
// thing is treated specially, the same for all three: the plain text puts footnotes at the end of a chapter, a page
// puts them at its foot. So the truth is two sequences, body and notes; notes are looked for among the words that the
// body has left.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <map>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "parse/pdf.h"
#include "parse/pdfium.h"
#include "parse/testing/word_order.h"
#include "text/sentences.h"

namespace docmind::parse {
namespace {

const std::string kLibrary = DOCMIND_SOURCE_DIR "/.deps/packages/pypdfium2_raw/libpdfium.so";

// What a command prints; the commands are this file's own.
std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  std::array<char, 65536> buffer{};
  std::size_t read = 0;
  while (pipe && (read = fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0) text.append(buffer.data(), read);
  return text;
}

std::string unpacked(const std::string& path) {
  return output_of((path.ends_with(".gz") ? "gzip -dc " : "cat ") + path + " 2>/dev/null");
}

struct Book {
  const char* name;
  const char* pdf;
  const char* text;
  double f1;
  double order;
};

void PrintTo(const Book& book, std::ostream* out) { *out << book.name; }

constexpr Book kBooks[] = {
    {"policy", "/usr/share/doc/debian-policy/policy.pdf.gz", "/usr/share/doc/debian-policy/policy.txt.gz", 0.98, 0.97},
    {"developers-reference", "/usr/share/developers-reference/developers-reference.pdf",
     "/usr/share/developers-reference/developers-reference.txt.gz", 0.98, 0.97},
    {"debian-faq", "/usr/share/doc/debian/FAQ/debian-faq.en.pdf.gz", "/usr/share/doc/debian/FAQ/debian-faq.en.txt.gz",
     0.98, 0.97},
    // It paints its own visible blanks and prints tree drawings as b'...'.
    {"debmake-doc", "/usr/share/doc/debmake-doc/debmake-doc.en.pdf", "/usr/share/doc/debmake-doc/debmake-doc.en.txt.gz",
     0.93, 0.97},
};

PdfOptions options() {
  PdfOptions options;
  options.library = kLibrary;
  return options;
}

std::string poppler_text(const std::string& bytes) {
  const std::string path = ::testing::TempDir() + "/docmind_truth_" + std::to_string(getpid()) + ".pdf";
  const std::unique_ptr<FILE, int (*)(FILE*)> file(fopen(path.c_str(), "wb"), fclose);
  fwrite(bytes.data(), 1, bytes.size(), file.get());
  fflush(file.get());
  std::string text = output_of("pdftotext " + path + " - 2>/dev/null");
  std::remove(path.c_str());
  return text;
}

std::string pdfium_text(const std::string& bytes) {
  const auto library = Pdfium::open(kLibrary);
  const auto document = open_pdf(**library, bytes);
  std::string text;
  for (int i = 0; i < (**library)->FPDF_GetPageCount(document->get()); ++i) {
    const PdfHandle<pdfium::Page> page((**library)->FPDF_LoadPage(document->get(), i), (**library)->FPDF_ClosePage);
    const PdfHandle<pdfium::TextPage> words((**library)->FPDFText_LoadPage(page.get()),
                                            (**library)->FPDFText_ClosePage);
    const int count = (**library)->FPDFText_CountChars(words.get());
    std::vector<unsigned short> units(static_cast<std::size_t>(count) + 1);
    (**library)->FPDFText_GetText(words.get(), 0, count, units.data());
    text += utf8_of_utf16(std::u16string(units.begin(), units.end() - 1)) + "\n";
  }
  return text;
}

// A note starts with "[1] " or "^[1] " after a blank line and ends before the next line at the left edge that starts
// none.
struct Truth {
  std::string body;
  std::string notes;
};

bool starts_note(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" ^"), line.size()));
  const std::size_t end = line.find(']');
  return line.starts_with('[') && end != std::string_view::npos && end > 1 && end < 5 &&
         line.substr(1, end - 1).find_first_not_of("0123456789") == std::string_view::npos && line.size() > end + 1;
}

Truth truth_of(const std::string& text) {
  Truth truth;
  bool blank = true;
  bool note = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    if (blank && starts_note(line))
      note = true;
    else if (!line.empty() && line[0] != ' ' && !line.starts_with("\xc2\xa0"))
      note = false;
    (note ? truth.notes : truth.body).append(line).append("\n");
    blank = line.find_first_not_of(' ') == std::string_view::npos;
    at = end + 1;
  }
  return truth;
}

struct Score {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  double order = 0;
};

Score score(const Truth& truth, const std::string& text) {
  testing::WordNumbers numbers;
  const testing::WordIds body = numbers.of(truth.body);
  const testing::WordIds notes = numbers.of(truth.notes);
  const testing::WordIds found = numbers.of(text);
  testing::WordIds all = body;
  all.insert(all.end(), notes.begin(), notes.end());
  const auto common = static_cast<double>(testing::common_words(all, found));
  const std::vector<bool> in_body = testing::CommonSubsequence().places(body, found);
  testing::WordIds rest;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!in_body[i]) rest.push_back(found[i]);
  }
  const std::vector<bool> in_notes = testing::CommonSubsequence().places(notes, rest);
  const auto ordered =
      std::count(in_body.begin(), in_body.end(), true) + std::count(in_notes.begin(), in_notes.end(), true);
  const auto truth_words = static_cast<double>(all.size());
  return {common / static_cast<double>(found.size()), common / truth_words,
          2 * common / (static_cast<double>(found.size()) + truth_words), static_cast<double>(ordered) / truth_words};
}

void print(const char* book, const char* tool, const Score& s) {
  std::fprintf(stderr, "%-22s %-8s precision %.4f  recall %.4f  F1 %.4f  order %.4f\n", book, tool, s.precision,
               s.recall, s.f1, s.order);
}

class PdfTruth : public ::testing::TestWithParam<Book> {};

TEST_P(PdfTruth, WordsAndOrderOfTheManuals) {
  const Book& book = GetParam();
  const std::string bytes = unpacked(book.pdf);
  const std::string text = unpacked(book.text);
  ASSERT_FALSE(bytes.empty() || text.empty()) << "install the packages of deps/apt.txt";
  const Truth truth = truth_of(text);
  const auto parsed = parse_pdf(bytes, options());
  ASSERT_TRUE(parsed) << parsed.error().message;
  const Score ours = score(truth, parsed->text);
  print(book.name, "docmind", ours);
  print(book.name, "pdfium", score(truth, pdfium_text(bytes)));
  print(book.name, "poppler", score(truth, poppler_text(bytes)));
  EXPECT_GE(ours.f1, book.f1);
  EXPECT_GE(ours.order, book.order);
}

// Without blanks and hyphens: what a quote is compared by. Back quotes are left out, too: debian-faq paints them as a
// grave accent over a blank, and poppler puts that accent on a line of its own or on a letter of the next word.
std::string squeezed(const std::string& text) {
  std::string out;
  const std::string clean = text::normalise(text);
  for (std::size_t at = 0; at < clean.size();) {
    const CodePoint point = code_point_at(clean, at);
    const char32_t c = point.value;
    if (c > ' ' && c != '-' && c != 0xa0 && c != 0x2010 && c != 0x2011 && c != 0x2423 && c != '`' && c != 0x300)
      append_utf8(out, c);
    at += point.length;
  }
  return out;
}

// Every sentence of 15 bytes or more that an answer could quote stands on its page as poppler reads it.
TEST_P(PdfTruth, QuotesStandOnTheirPages) {
  const std::string bytes = unpacked(GetParam().pdf);
  const auto parsed = parse_pdf(bytes, options());
  ASSERT_TRUE(parsed);
  const std::string all = poppler_text(bytes);
  std::vector<std::string> pages;
  for (std::size_t at = 0; at < all.size();) {  // Pages end with a form feed.
    const std::size_t end = std::min(all.find('\f', at), all.size());
    pages.push_back(squeezed(all.substr(at, end - at)));
    at = end + 1;
  }
  ASSERT_EQ(pages.size(), parsed->pages.size());
  std::size_t stand = 0;
  std::size_t quotes = 0;
  for (const doc::Block& block : parsed->blocks) {
    if (!block.source) continue;
    const auto page = static_cast<std::size_t>(doc::page_at(parsed->pages, block.span.start));
    const std::string text = parsed->text.substr(block.span.start, block.span.size());
    for (const doc::Span& sentence : text::sentences(text)) {
      if (sentence.size() < 15) continue;
      ++quotes;
      stand += static_cast<std::size_t>(pages[page].find(squeezed(text.substr(sentence.start, sentence.size()))) !=
                                        std::string::npos);
    }
  }
  const double share = static_cast<double>(stand) / static_cast<double>(quotes);
  std::fprintf(stderr, "%-22s %zu of %zu quotes stand in pdftotext's page: %.4f\n", GetParam().name, stand, quotes,
               share);
  EXPECT_GE(share, 0.97);
}

// Letters and digits of ASCII in lower case.
std::string letters_of(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

// The development questions name a page and a phrase that answers: the phrase stands there, inside one block.
TEST(PdfPhrases, AnswersStandInOneBlockOfTheirPage) {
  std::map<std::string, doc::Parsed> documents;
  for (const Book& book : kBooks) {
    auto parsed = parse_pdf(unpacked(book.pdf), options());
    ASSERT_TRUE(parsed);
    documents.emplace(book.name, *std::move(parsed));
  }
  std::istringstream questions(output_of("cat " DOCMIND_SOURCE_DIR "/tests/data/debian_questions.tsv"));
  int found = 0;
  for (std::string line; std::getline(questions, line);) {
    std::istringstream fields(line);
    std::string name, page, question, phrase;
    std::getline(std::getline(std::getline(std::getline(fields, name, '\t'), page, '\t'), question, '\t'), phrase);
    if (phrase.empty() || phrase == "ABSTAIN") continue;
    const doc::Parsed& document = documents.at(name);
    const doc::Span on = document.pages.at(static_cast<std::size_t>(std::stoi(page)) - 1).span;
    const bool stands = std::any_of(document.blocks.begin(), document.blocks.end(), [&](const doc::Block& block) {
      const std::string text = document.text.substr(block.span.start, block.span.size());
      return on.contains(block.span) && letters_of(text).find(letters_of(phrase)) != std::string::npos;
    });
    EXPECT_TRUE(stands) << line;
    found += static_cast<int>(stands);
  }
  EXPECT_EQ(found, 60);
}

INSTANTIATE_TEST_SUITE_P(Manuals, PdfTruth, ::testing::ValuesIn(kBooks), [](const auto& book) {
  std::string name = book.param.name;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace docmind::parse
