// Writes small PDFs for tests: text at given places in the standard fonts, rotated pages, page labels, an outline.
//
// Places are in points from the top left corner of the page before rotation; texts are Latin-1 without parentheses.
// \x01 and \x02 are the ligatures fi and fl. Not thread-safe.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace docmind::parse::testing {

enum class PdfFont : std::uint8_t { kRegular, kBold, kMono };

class PdfWriter {
 public:
  struct PageOptions {
    int width = 600;
    int height = 800;
    int rotate = 0;
  };

  PdfWriter& page(PageOptions options) {
    pages_.push_back({options, {}});
    return *this;
  }
  PdfWriter& page() { return page(PageOptions()); }

  PdfWriter& text(double x, double y, const std::string& words, double size = 10, PdfFont font = PdfFont::kRegular) {
    Page& page = pages_.back();
    page.content += "BT /F" + std::to_string(static_cast<int>(font)) + " " + std::to_string(size) + " Tf " +
                    std::to_string(x) + " " + std::to_string(page.options.height - y) + " Td (" + words + ") Tj ET\n";
    return *this;
  }

  // Text that runs upwards along the page's side.
  PdfWriter& text_upwards(double x, double y, const std::string& words, double size = 10) {
    Page& page = pages_.back();
    page.content += "BT /F0 " + std::to_string(size) + " Tf 0 1 -1 0 " + std::to_string(x) + " " +
                    std::to_string(page.options.height - y) + " Tm (" + words + ") Tj ET\n";
    return *this;
  }

  PdfWriter& box(double x, double y, double width, double height) {  // Something drawn that is no text.
    Page& page = pages_.back();
    page.content += std::to_string(x) + " " + std::to_string(page.options.height - y - height) + " " +
                    std::to_string(width) + " " + std::to_string(height) + " re f\n";
    return *this;
  }

  // Pages are numbered i, ii, iii... from the first and 1, 2, 3... from page `roman` on.
  PdfWriter& labels(int roman) {
    labels_ = "/PageLabels << /Nums [0 << /S /r >> " + std::to_string(roman) + " << /S /D >>] >> ";
    return *this;
  }

  // A bookmark that points to a page (from 0).
  PdfWriter& bookmark(std::string title, int page) {
    bookmarks_.emplace_back(std::move(title), page);
    return *this;
  }

  PdfWriter& title(std::string title) {
    title_ = std::move(title);
    return *this;
  }

  // Says that a password is needed; nothing is really encrypted.
  PdfWriter& encrypted() {
    encrypted_ = true;
    return *this;
  }

  std::string bytes() {
    bytes_ = "%PDF-1.7\n";
    offsets_.clear();
    const int first_page = 7;
    const int first_bookmark = first_page + 2 * static_cast<int>(pages_.size());
    std::string kids;
    for (std::size_t i = 0; i < pages_.size(); ++i)
      kids += std::to_string(first_page + 2 * static_cast<int>(i)) + " 0 R ";
    const std::string outlines = bookmarks_.empty() ? "" : "/Outlines 6 0 R ";
    object(1, "<< /Type /Catalog /Pages 2 0 R " + labels_ + outlines + ">>");
    object(2, "<< /Type /Pages /Kids [" + kids + "] /Count " + std::to_string(pages_.size()) + " >>");
    const std::string encoding = " /Encoding << /BaseEncoding /WinAnsiEncoding /Differences [1 /fi /fl] >> >>";
    object(3, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica" + encoding);
    object(4, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold" + encoding);
    object(5, "<< /Type /Font /Subtype /Type1 /BaseFont /Courier" + encoding);
    const int last_bookmark = first_bookmark + static_cast<int>(bookmarks_.size()) - 1;
    object(6, bookmarks_.empty() ? "<< >>"
                                 : "<< /First " + std::to_string(first_bookmark) + " 0 R /Last " +
                                       std::to_string(last_bookmark) + " 0 R >>");
    for (std::size_t i = 0; i < pages_.size(); ++i) page_objects(first_page + 2 * static_cast<int>(i), pages_[i]);
    for (std::size_t i = 0; i < bookmarks_.size(); ++i) {
      const int number = first_bookmark + static_cast<int>(i);
      std::string next = number < last_bookmark ? " /Next " + std::to_string(number + 1) + " 0 R" : "";
      object(number, "<< /Title (" + bookmarks_[i].first + ") /Parent 6 0 R /Dest [" +
                         std::to_string(first_page + 2 * bookmarks_[i].second) + " 0 R /Fit]" + next + " >>");
    }
    object(last_bookmark + 1, "<< /Title (" + title_ + ") >>");
    return finish(last_bookmark + 1);
  }

 private:
  struct Page {
    PageOptions options;
    std::string content;
  };

  void object(int number, const std::string& body) {
    offsets_.emplace_back(number, bytes_.size());
    bytes_ += std::to_string(number) + " 0 obj\n" + body + "\nendobj\n";
  }

  void page_objects(int number, const Page& page) {
    const PageOptions& o = page.options;
    object(number, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 " + std::to_string(o.width) + " " +
                       std::to_string(o.height) + "] /Rotate " + std::to_string(o.rotate) +
                       " /Resources << /Font << /F0 3 0 R /F1 4 0 R /F2 5 0 R >> >> /Contents " +
                       std::to_string(number + 1) + " 0 R >>");
    object(number + 1,
           "<< /Length " + std::to_string(page.content.size()) + " >>\nstream\n" + page.content + "endstream");
  }

  std::string finish(int info) {
    const std::size_t table = bytes_.size();
    bytes_ += "xref\n0 " + std::to_string(offsets_.size() + 1) + "\n0000000000 65535 f \n";
    for (const auto& [number, offset] : offsets_) {
      const std::string digits = std::to_string(offset);
      bytes_ += std::string(10 - digits.size(), '0') + digits + " 00000 n \n";
    }
    const std::string key(64, 'a');
    bytes_ += "trailer\n<< /Size " + std::to_string(offsets_.size() + 1) + " /Root 1 0 R /Info " +
              std::to_string(info) + " 0 R ";
    if (encrypted_) {
      bytes_ += "/ID [<00><00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -44 /O <" + key + "> /U <" + key + "> >> ";
    }
    bytes_ += ">>\nstartxref\n" + std::to_string(table) + "\n%%EOF\n";
    return bytes_;
  }

  std::vector<Page> pages_;
  std::vector<std::pair<std::string, int>> bookmarks_;
  std::string labels_;
  std::string title_;
  bool encrypted_ = false;
  std::string bytes_;
  std::vector<std::pair<int, std::size_t>> offsets_;
};

}  // namespace docmind::parse::testing
