#include "print/pdf.h"

#include <cairo/cairo-pdf.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <pango/pangocairo.h>

#include <array>
#include <memory>
#include <string_view>

#include "base/utf8.h"

namespace docmind::print {
namespace {

// Pango and cairo as a table of functions found at run time. Their types and prototypes are those of their headers.
#define DM_PANGO_FUNCTIONS(F)                \
  F(cairo_pdf_surface_create_for_stream)     \
  F(cairo_pdf_surface_set_metadata)          \
  F(cairo_pdf_surface_add_outline)           \
  F(cairo_surface_finish)                    \
  F(cairo_surface_status)                    \
  F(cairo_surface_destroy)                   \
  F(cairo_create)                            \
  F(cairo_destroy)                           \
  F(cairo_status)                            \
  F(cairo_status_to_string)                  \
  F(cairo_set_source_rgb)                    \
  F(cairo_move_to)                           \
  F(cairo_show_page)                         \
  F(cairo_font_options_create)               \
  F(cairo_font_options_set_hint_style)       \
  F(cairo_font_options_set_hint_metrics)     \
  F(cairo_font_options_destroy)              \
  F(pango_cairo_create_context)              \
  F(pango_cairo_context_set_font_options)    \
  F(pango_context_set_round_glyph_positions) \
  F(pango_layout_new)                        \
  F(pango_cairo_show_layout_line)            \
  F(pango_layout_set_text)                   \
  F(pango_layout_set_width)                  \
  F(pango_layout_set_wrap)                   \
  F(pango_layout_set_attributes)             \
  F(pango_layout_set_font_description)       \
  F(pango_layout_get_unknown_glyphs_count)   \
  F(pango_layout_get_iter)                   \
  F(pango_layout_iter_get_line_readonly)     \
  F(pango_layout_iter_get_line_extents)      \
  F(pango_layout_iter_get_baseline)          \
  F(pango_layout_iter_next_line)             \
  F(pango_layout_iter_free)                  \
  F(pango_attr_list_new)                     \
  F(pango_attr_list_insert)                  \
  F(pango_attr_list_unref)                   \
  F(pango_attr_insert_hyphens_new)           \
  F(pango_font_description_from_string)      \
  F(pango_font_description_free)             \
  F(pango_cairo_font_map_set_default)        \
  F(g_object_unref)

struct Pango {
  // kUnavailable with the package to install.
  static Result<Pango> open();

#define DM_PANGO_MEMBER(name) decltype(&::name) name = nullptr;
  DM_PANGO_FUNCTIONS(DM_PANGO_MEMBER)
#undef DM_PANGO_MEMBER
};

constexpr const char* kLibrary = "libpangocairo-1.0.so.0";  // It needs the others, where dlsym() looks, too.

Error unavailable(const std::string& what) {
  return {Code::kUnavailable, "a PDF cannot be made: " + what,
          "Install the Debian packages libpangocairo-1.0-0 and fonts-dejavu-core, or export as Markdown."};
}

Result<Pango> Pango::open() {
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);  // Never closed: its types are registered for good.
  if (library == nullptr) return unavailable(dlerror());
  Pango found;
#define DM_PANGO_FIND(name)                                                   \
  found.name = reinterpret_cast<decltype(found.name)>(dlsym(library, #name)); \
  if (found.name == nullptr) return unavailable(std::string(kLibrary) + " has no function " #name);
  DM_PANGO_FUNCTIONS(DM_PANGO_FIND)
#undef DM_PANGO_FIND
  return found;
}

// Points, of A4.
constexpr double kWidth = 595.276;
constexpr double kHeight = 841.890;
constexpr double kMargin = 56;
constexpr double kBottom = kHeight - kMargin;
constexpr double kFoot = kHeight - 30;  // Baseline of a page's number.
constexpr double kWithHeading = 60;     // What a heading needs below it, or it begins the next page.

constexpr std::size_t kMostLaidOut = 16U << 10U;  // Bytes at once: what Pango takes grows faster than the text.

struct Look {
  const char* font;
  double before;  // Points above it,
  double indent;  // and at both sides.
  double grey;
};

const Look& look_of(Style style) {
  static constexpr std::array<Look, 6> kLooks = {{{"Sans Bold 17", 0, 0, 0},
                                                  {"Sans Bold 12", 18, 0, 0},
                                                  {"Sans 10.5", 6, 0, 0},
                                                  {"Sans Italic 9", 5, 0, .35},
                                                  {"Sans 8.5", 4, 14, .2},
                                                  {"Sans Bold 10.5", 10, 0, 0}}};
  return kLooks.at(static_cast<std::size_t>(style));
}

// Where the next piece of a text begins: at a space where there is one.
std::size_t piece_end(std::string_view text) {
  if (text.size() <= kMostLaidOut) return text.size();
  const std::size_t space = text.substr(0, kMostLaidOut).rfind(' ');
  if (space != std::string_view::npos && space > 0) return space + 1;
  std::size_t end = kMostLaidOut;
  while (!is_char_border(text, end)) --end;
  return end;
}

// For paper: glyphs stand where the font wants them, not at whole points as on a screen.
PangoContext* context_of(const Pango& pango, cairo_t* cairo) {
  PangoContext* context = pango.pango_cairo_create_context(cairo);
  cairo_font_options_t* options = pango.cairo_font_options_create();
  pango.cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  pango.cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  pango.pango_cairo_context_set_font_options(context, options);
  pango.cairo_font_options_destroy(options);
  pango.pango_context_set_round_glyph_positions(context, FALSE);
  return context;
}

class Printer {
 public:
  Printer(const Pango& pango, std::string& out) : pango_(pango) {
    surface_ = pango_.cairo_pdf_surface_create_for_stream(&take, &out, kWidth, kHeight);
    cairo_ = pango_.cairo_create(surface_);
    context_ = context_of(pango_, cairo_);
    layout_ = pango_.pango_layout_new(context_);
    pango_.pango_layout_set_wrap(layout_, PANGO_WRAP_WORD_CHAR);
    PangoAttrList* attributes = pango_.pango_attr_list_new();  // No hyphen that is not in the text.
    pango_.pango_attr_list_insert(attributes, pango_.pango_attr_insert_hyphens_new(FALSE));
    pango_.pango_layout_set_attributes(layout_, attributes);
    pango_.pango_attr_list_unref(attributes);
  }
  Printer(const Printer&) = delete;
  Printer& operator=(const Printer&) = delete;
  ~Printer() {
    pango_.g_object_unref(layout_);
    pango_.g_object_unref(context_);
    pango_.cairo_destroy(cairo_);
    pango_.cairo_surface_destroy(surface_);
    pango_.pango_cairo_font_map_set_default(nullptr);
  }

  void title(const std::string& text) {
    pango_.cairo_pdf_surface_set_metadata(surface_, CAIRO_PDF_METADATA_TITLE, plain(text).c_str());
    pango_.cairo_pdf_surface_set_metadata(surface_, CAIRO_PDF_METADATA_CREATOR, "DocMind " DOCMIND_VERSION);
  }

  void add(const Paragraph& paragraph) {
    const std::string text = plain(paragraph.text);
    const Look& look = look_of(paragraph.style);
    if (y_ > kMargin) y_ += look.before;
    const bool heading = paragraph.style == Style::kHeading;
    const bool goes_before = heading || paragraph.style == Style::kDocument;
    if (goes_before && y_ + kWithHeading > kBottom) end_page();
    if (heading) add_to_outline(text);
    std::string_view rest = text;
    do {
      const std::size_t end = piece_end(rest);
      lay_out(rest.substr(0, end), look, kWidth - 2 * (kMargin + look.indent));
      unknown_ += static_cast<std::uint32_t>(pango_.pango_layout_get_unknown_glyphs_count(layout_));
      show(look);
      rest.remove_prefix(end);
    } while (!rest.empty() && !too_long());
  }

  Result<> finish() {
    if (too_long()) {
      return Error{Code::kResourceExhausted, fmt::format("the chat has more than {} pages", kMostPages),
                   "Fork its newest turns into a chat of their own and export that."};
    }
    end_page();
    pango_.cairo_surface_finish(surface_);
    for (const cairo_status_t status : {pango_.cairo_status(cairo_), pango_.cairo_surface_status(surface_)}) {
      if (status == CAIRO_STATUS_SUCCESS) continue;
      return Error{Code::kUnavailable,
                   std::string("cairo cannot write the PDF: ") + pango_.cairo_status_to_string(status),
                   "Install the Debian package fonts-dejavu-core, or export as Markdown."};
    }
    return {};
  }

  std::uint32_t unknown() const { return unknown_; }
  bool too_long() const { return page_ > kMostPages; }

 private:
  static cairo_status_t take(void* out, const unsigned char* bytes, unsigned int size) {
    static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
    return CAIRO_STATUS_SUCCESS;
  }

  void lay_out(std::string_view text, const Look& look, double width) {
    PangoFontDescription* font = pango_.pango_font_description_from_string(look.font);
    pango_.pango_layout_set_font_description(layout_, font);
    pango_.pango_font_description_free(font);
    pango_.pango_layout_set_width(layout_, static_cast<int>(width * PANGO_SCALE));
    pango_.pango_layout_set_text(layout_, text.data(), static_cast<int>(text.size()));
    pango_.cairo_set_source_rgb(cairo_, look.grey, look.grey, look.grey);
  }

  // The lines of what is laid out, each on the page that has room for it.
  void show(const Look& look) {
    const std::unique_ptr<PangoLayoutIter, decltype(pango_.pango_layout_iter_free)> line(
        pango_.pango_layout_get_iter(layout_), pango_.pango_layout_iter_free);
    do {
      PangoRectangle box;
      pango_.pango_layout_iter_get_line_extents(line.get(), nullptr, &box);
      const double height = static_cast<double>(box.height) / PANGO_SCALE;
      if (y_ + height > kBottom) {
        end_page();
        pango_.cairo_set_source_rgb(cairo_, look.grey, look.grey, look.grey);
      }
      if (too_long()) return;
      const int baseline = pango_.pango_layout_iter_get_baseline(line.get()) - box.y;
      pango_.cairo_move_to(cairo_, kMargin + look.indent + static_cast<double>(box.x) / PANGO_SCALE,
                           y_ + static_cast<double>(baseline) / PANGO_SCALE);
      pango_.pango_cairo_show_layout_line(cairo_, pango_.pango_layout_iter_get_line_readonly(line.get()));
      y_ += height;
    } while (pango_.pango_layout_iter_next_line(line.get()) != 0);
  }

  void add_to_outline(const std::string& text) {
    const std::string there = fmt::format("page={} pos=[{:.1f} {:.1f}]", page_, kMargin, y_);
    pango_.cairo_pdf_surface_add_outline(surface_, CAIRO_PDF_OUTLINE_ROOT, text.c_str(), there.c_str(),
                                         static_cast<cairo_pdf_outline_flags_t>(0));
  }

  // The number is set by itself: what is laid out may be in the middle of being shown.
  void end_page() {
    PangoLayout* const text = layout_;
    layout_ = pango_.pango_layout_new(context_);
    lay_out(fmt::format("{}", page_), look_of(Style::kSource), kWidth);
    pango_.cairo_move_to(cairo_, kWidth / 2 - 4, kFoot);
    const std::unique_ptr<PangoLayoutIter, decltype(pango_.pango_layout_iter_free)> line(
        pango_.pango_layout_get_iter(layout_), pango_.pango_layout_iter_free);
    pango_.pango_cairo_show_layout_line(cairo_, pango_.pango_layout_iter_get_line_readonly(line.get()));
    pango_.g_object_unref(layout_);
    layout_ = text;
    pango_.cairo_show_page(cairo_);
    ++page_;
    y_ = kMargin;
  }

  const Pango& pango_;
  cairo_surface_t* surface_ = nullptr;
  cairo_t* cairo_ = nullptr;
  PangoContext* context_ = nullptr;
  PangoLayout* layout_ = nullptr;
  double y_ = kMargin;
  std::uint32_t page_ = 1;
  std::uint32_t unknown_ = 0;
};

std::string about_boxes(std::uint32_t unknown) {
  return fmt::format(
      "{} here {} in no font of this machine and {} as {} code. The Debian package fonts-noto-core has most scripts, "
      "fonts-noto-cjk Chinese, Japanese and Korean.",
      unknown == 1 ? "One character" : fmt::format("{} characters", unknown), unknown == 1 ? "is" : "are",
      unknown == 1 ? "stands" : "stand", unknown == 1 ? "a box with its" : "boxes with their");
}

}  // namespace

Result<std::string> to_pdf(const Paper& paper) {
  const Pango pango = DM_TRY(Pango::open());
  std::string out;
  {
    Printer printer(pango, out);
    printer.title(paper.title);
    for (const Paragraph& one : paper.paragraphs) {
      printer.add(one);
      if (printer.too_long()) break;
    }
    if (printer.unknown() > 0) printer.add({Style::kNote, about_boxes(printer.unknown())});
    DM_TRY(printer.finish());
  }
  return out;
}

}  // namespace docmind::print
