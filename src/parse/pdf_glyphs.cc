#include "parse/pdf_glyphs.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "base/find.h"

namespace docmind::parse {
namespace {

struct Style {
  bool bold = false;
  bool mono = false;
};

struct Place {
  float x = 0;
  float y = 0;
};

bool is_blank(char32_t code) {
  return code == ' ' || code == '\t' || code == '\r' || code == '\n' || code == 0xa0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
         code == 0x3000 || code == 0x2423;
}

bool is_dropped(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) || code == 0x2060 ||
         (code >= 0x202a && code <= 0x202e) || code == 0xfeff || (code >= 0xfff0 && code <= 0xffff) ||
         (code >= 0xd800 && code < 0xe000) || code > 0x10ffff;
}

// Latin ligatures (U+FB00 to U+FB06) as letters; others as they are; "" is dropped.
std::u32string_view letters_of(char32_t& code) {
  static constexpr std::u32string_view kLigatures[] = {U"ff", U"fi", U"fl", U"ffi", U"ffl", U"st", U"st"};
  if (code >= 0xfb00 && code <= 0xfb06) return kLigatures[code - 0xfb00];
  if (code == 0x02 || code == 0xfffe) code = kSoftHyphen;  // PDFium's mark for a hyphen at a line's end
  if (code == 0x2010 || code == 0x2011) code = '-';
  if (code == 0xf0b7 || code == 0xf0a7) code = 0x2022;  // Bullets of the Symbol and Wingdings fonts
  if (is_dropped(code)) return {};
  return {&code, 1};
}

// Marks that sit on a letter, by themselves: TeX writes a back quote as a grave accent over a blank.
char32_t spacing_mark(char32_t code) {
  switch (code) {
    case 0x300:
      return '`';
    case 0x301:
      return 0xb4;
    case 0x302:
      return '^';
    case 0x303:
      return '~';
    case 0x308:
      return 0xa8;
    default:
      return code;
  }
}

Style style_of(const Pdfium& library, pdfium::Font* font) {
  char buffer[128] = {};
  const std::size_t length = library->FPDFFont_GetBaseFontName(font, buffer, sizeof buffer);
  std::string name(buffer, std::min(length > 0 ? length - 1 : 0, sizeof buffer - 1));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  const int flags = std::max(library->FPDFFont_GetFlags(font), 0);
  Style style;
  style.bold = (flags & pdfium::kFontForceBold) != 0 ||
               contains_any(name, {"bold", "black", "heavy", "demi", "btt", "cmbx", "-bd"});
  style.mono = (flags & pdfium::kFontFixedPitch) != 0 ||
               contains_any(name, {"mono", "courier", "consol", "typewriter", "1xtt", "1xbtt", "cxtt", "cmtt", "sftt",
                                   "lmtt", "menlo", "inconsolata", "fixed"});
  return style;
}

// From user space to the page as shown, origin at the top left.
class Shown {
 public:
  Shown(const pdfium::Rect& box, int rotation) : box_(box), rotation_(rotation & 3) {}

  Place place(double x, double y) const {
    switch (rotation_) {
      case 0:
        return {static_cast<float>(x) - box_.left, box_.top - static_cast<float>(y)};
      case 1:
        return {static_cast<float>(y) - box_.bottom, static_cast<float>(x) - box_.left};
      case 2:
        return {box_.right - static_cast<float>(x), static_cast<float>(y) - box_.bottom};
      default:
        return {box_.top - static_cast<float>(y), box_.right - static_cast<float>(x)};
    }
  }
  PdfBox box(const pdfium::Rect& rect) const {
    const Place a = place(rect.left, rect.top);
    const Place b = place(rect.right, rect.bottom);
    return {std::min(a.x, b.x), std::min(a.y, b.y), std::max(a.x, b.x), std::max(a.y, b.y)};
  }
  // Quarter turns clockwise of text that the matrix writes along (a, b).
  std::uint8_t turn(const pdfium::Matrix& matrix) const {
    const double angle = std::atan2(-matrix.b, matrix.a);  // Clockwise, since y points down when shown.
    const int quarters = static_cast<int>(std::lround(angle / (M_PI / 2)));
    return static_cast<std::uint8_t>((quarters + rotation_ + 4) & 3);
  }

 private:
  pdfium::Rect box_;
  int rotation_;
};

// Reads a text page character by character; style, size and direction are looked up once per text object.
class Reader {
 public:
  Reader(const Pdfium& library, pdfium::TextPage* text, const Shown& shown, PdfGlyphPage& page)
      : library_(library), text_(text), shown_(shown), page_(page) {}

  void read(int index) {
    char32_t code = library_->FPDFText_GetUnicode(text_, index);
    if (is_blank(code)) {
      blank_ = true;
      return;
    }
    const std::u32string_view letters = letters_of(code);
    if (letters.empty()) return;
    enter_object(index);
    PdfGlyph glyph = object_;
    if (!place(index, glyph)) return;
    if (!sits_on_letter(glyph)) code = spacing_mark(code);
    const float step = (glyph.right - glyph.left) / static_cast<float>(letters.size());
    for (const char32_t letter : letters) {  // The letters of a ligature share its width.
      glyph.code = letter;
      glyph.right = glyph.left + step;
      glyph.blank_before = blank_;
      blank_ = false;
      page_.glyphs.push_back(glyph);
      glyph.left = glyph.right;
    }
  }

 private:
  bool sits_on_letter(const PdfGlyph& glyph) const {
    if (page_.glyphs.empty()) return false;
    const PdfGlyph& before = page_.glyphs.back();
    const float middle = (glyph.left + glyph.right) / 2;
    return std::abs(before.baseline - glyph.baseline) < before.size && before.left < middle + 0.1F * glyph.size &&
           middle < before.right + 0.1F * glyph.size;
  }

  void enter_object(int index) {
    pdfium::PageObject* now = library_->FPDFText_GetTextObject(text_, index);
    if (now == current_ && now != nullptr) return;
    current_ = now;
    pdfium::Matrix matrix{1, 0, 0, 1, 0, 0};
    library_->FPDFText_GetMatrix(text_, index, &matrix);
    const double scale = std::hypot(matrix.c, matrix.d);
    object_.size = static_cast<float>(library_->FPDFText_GetFontSize(text_, index) * (scale > 0 ? scale : 1));
    if (!(object_.size > 0.5F) || !(object_.size < 2000)) object_.size = 10;  // Hostile or missing: any sane size.
    object_.turn = shown_.turn(matrix);
    const Style style = style_of_object();
    object_.bold = style.bold;
    object_.mono = style.mono;
  }

  Style style_of_object() {
    pdfium::Font* font = current_ == nullptr ? nullptr : library_->FPDFTextObj_GetFont(current_);
    if (font == nullptr) return {};
    const auto [entry, fresh] = styles_.try_emplace(font);
    if (fresh) entry->second = style_of(library_, font);
    return entry->second;
  }

  bool place(int index, PdfGlyph& glyph) const {
    pdfium::Rect loose{};
    double x = 0;
    double y = 0;
    if (library_->FPDFText_GetLooseCharBox(text_, index, &loose) == 0) return false;
    if (library_->FPDFText_GetCharOrigin(text_, index, &x, &y) == 0) return false;
    glyph.box = shown_.box(loose);
    const Place pen = shown_.place(x, y);
    const PdfBox& b = glyph.box;
    const auto sane = [](float value) { return std::isfinite(value) && std::abs(value) < 1e6F; };
    if (!sane(b.left) || !sane(b.right) || !sane(b.top) || !sane(b.bottom) || !sane(pen.x) || !sane(pen.y))
      return false;
    // Some fonts claim twice their height above and below: keep the box to what letters fill.
    const float up = glyph.size * 0.95F;
    const float down = glyph.size * 0.3F;
    PdfBox& box = glyph.box;
    switch (glyph.turn) {
      case 0:
        glyph.left = b.left, glyph.right = b.right, glyph.baseline = pen.y;
        box.top = std::max(b.top, pen.y - up), box.bottom = std::min(b.bottom, pen.y + down);
        break;
      case 1:
        glyph.left = b.top, glyph.right = b.bottom, glyph.baseline = -pen.x;
        box.right = std::min(b.right, pen.x + up), box.left = std::max(b.left, pen.x - down);
        break;
      case 2:
        glyph.left = -b.right, glyph.right = -b.left, glyph.baseline = -pen.y;
        box.bottom = std::min(b.bottom, pen.y + up), box.top = std::max(b.top, pen.y - down);
        break;
      default:
        glyph.left = -b.bottom, glyph.right = -b.top, glyph.baseline = pen.x;
        box.left = std::max(b.left, pen.x - up), box.right = std::min(b.right, pen.x + down);
    }
    return true;
  }

  const Pdfium& library_;
  pdfium::TextPage* text_;
  const Shown& shown_;
  PdfGlyphPage& page_;
  pdfium::PageObject* current_ = nullptr;
  PdfGlyph object_;  // What all characters of the current text object share.
  bool blank_ = false;
  std::unordered_map<pdfium::Font*, Style> styles_;
};

}  // namespace

void PdfBox::add(const PdfBox& other) {
  left = std::min(left, other.left);
  top = std::min(top, other.top);
  right = std::max(right, other.right);
  bottom = std::max(bottom, other.bottom);
}

Result<PdfGlyphPage> read_glyphs(const Pdfium& library, pdfium::Document* document, int page,
                                 const PdfOptions& options) {
  PdfGlyphPage found;
  const PdfHandle<pdfium::Page> handle(library->FPDF_LoadPage(document, page), library->FPDF_ClosePage);
  if (!handle) return Error{Code::kDataLoss, "page " + std::to_string(page + 1) + " of the PDF is broken"};
  found.width = library->FPDF_GetPageWidthF(handle.get());
  found.height = library->FPDF_GetPageHeightF(handle.get());
  pdfium::Rect box{0, found.height, found.width, 0};
  library->FPDF_GetPageBoundingBox(handle.get(), &box);
  const Shown shown(box, library->FPDFPage_GetRotation(handle.get()));
  const PdfHandle<pdfium::TextPage> text(library->FPDFText_LoadPage(handle.get()), library->FPDFText_ClosePage);
  found.has_objects = library->FPDFPage_CountObjects(handle.get()) > 0;
  if (!text) return found;
  const int all = std::max(library->FPDFText_CountChars(text.get()), 0);
  const int count =
      static_cast<int>(std::min<std::uint32_t>(static_cast<std::uint32_t>(all), options.max_page_characters));
  found.cut = count < all;
  found.glyphs.reserve(static_cast<std::size_t>(count));
  Reader reader(library, text.get(), shown, found);
  for (int i = 0; i < count; ++i) reader.read(i);
  return found;
}

}  // namespace docmind::parse
