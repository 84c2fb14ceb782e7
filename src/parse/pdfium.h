// PDFium's C interface as a table of functions found at run time, and handles that close themselves.
//
// The prototypes are those of PDFium's public headers (fpdfview.h, fpdf_text.h, fpdf_edit.h, fpdf_doc.h; BSD licence);
// the wheel that carries the library has no headers. Pages are numbered from 0. Coordinates are PDF user space: points,
// origin at the bottom left, before the page's rotation. Thread safety: none at all, one thread per process.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace docmind::parse {

namespace pdfium {  // The C types, by the library's own names without their prefix.
struct Document;
struct Page;
struct TextPage;
struct PageObject;
struct Font;
struct Bookmark;
struct Dest;
struct Action;
struct Bitmap;
struct Matrix {
  float a, b, c, d, e, f;
};
struct Rect {
  float left, top, right, bottom;
};
struct Config {
  int version;
  const char** user_font_paths;
  void* isolate;
  unsigned v8_embedder_slot;
  void* platform;
  int renderer_type;
};

inline constexpr unsigned long kErrorPassword = 4;  // FPDF_ERR_PASSWORD
inline constexpr unsigned long kErrorSecurity = 5;  // FPDF_ERR_SECURITY
inline constexpr int kBitmapBgr = 2;                // FPDFBitmap_BGR: three bytes a pixel.
inline constexpr int kRenderAnnotations = 0x01;     // FPDF_ANNOT
inline constexpr int kRenderRgb = 0x10;             // FPDF_REVERSE_BYTE_ORDER
inline constexpr int kFontFixedPitch = 1 << 0;      // Font descriptor flags, ISO 32000-1 table 123.
inline constexpr int kFontItalic = 1 << 6;
inline constexpr int kFontForceBold = 1 << 18;

// name in the library, result, parameters
#define DM_PDFIUM_FUNCTIONS(X)                                                       \
  X(FPDF_InitLibraryWithConfig, void, (const Config*))                               \
  X(FPDF_DestroyLibrary, void, ())                                                   \
  X(FPDF_LoadMemDocument64, Document*, (const void*, std::size_t, const char*))      \
  X(FPDF_CloseDocument, void, (Document*))                                           \
  X(FPDF_GetLastError, unsigned long, ())                                            \
  X(FPDF_GetPageCount, int, (Document*))                                             \
  X(FPDF_LoadPage, Page*, (Document*, int))                                          \
  X(FPDF_ClosePage, void, (Page*))                                                   \
  X(FPDF_GetPageWidthF, float, (Page*))                                              \
  X(FPDF_GetPageHeightF, float, (Page*))                                             \
  X(FPDF_GetPageBoundingBox, int, (Page*, Rect*))                                    \
  X(FPDFPage_GetRotation, int, (Page*))                                              \
  X(FPDFPage_CountObjects, int, (Page*))                                             \
  X(FPDFBitmap_CreateEx, Bitmap*, (int, int, int, void*, int))                       \
  X(FPDFBitmap_Destroy, void, (Bitmap*))                                             \
  X(FPDF_RenderPageBitmap, void, (Bitmap*, Page*, int, int, int, int, int, int))     \
  X(FPDF_GetPageLabel, unsigned long, (Document*, int, void*, unsigned long))        \
  X(FPDF_GetMetaText, unsigned long, (Document*, const char*, void*, unsigned long)) \
  X(FPDFText_LoadPage, TextPage*, (Page*))                                           \
  X(FPDFText_ClosePage, void, (TextPage*))                                           \
  X(FPDFText_CountChars, int, (TextPage*))                                           \
  X(FPDFText_GetText, int, (TextPage*, int, int, unsigned short*))                   \
  X(FPDFText_GetUnicode, unsigned, (TextPage*, int))                                 \
  X(FPDFText_IsGenerated, int, (TextPage*, int))                                     \
  X(FPDFText_IsHyphen, int, (TextPage*, int))                                        \
  X(FPDFText_GetFontSize, double, (TextPage*, int))                                  \
  X(FPDFText_GetMatrix, int, (TextPage*, int, Matrix*))                              \
  X(FPDFText_GetCharOrigin, int, (TextPage*, int, double*, double*))                 \
  X(FPDFText_GetLooseCharBox, int, (TextPage*, int, Rect*))                          \
  X(FPDFText_GetTextObject, PageObject*, (TextPage*, int))                           \
  X(FPDFTextObj_GetFont, Font*, (PageObject*))                                       \
  X(FPDFFont_GetBaseFontName, std::size_t, (Font*, char*, std::size_t))              \
  X(FPDFFont_GetFlags, int, (Font*))                                                 \
  X(FPDFBookmark_GetFirstChild, Bookmark*, (Document*, Bookmark*))                   \
  X(FPDFBookmark_GetNextSibling, Bookmark*, (Document*, Bookmark*))                  \
  X(FPDFBookmark_GetTitle, unsigned long, (Bookmark*, void*, unsigned long))         \
  X(FPDFBookmark_GetDest, Dest*, (Document*, Bookmark*))                             \
  X(FPDFBookmark_GetAction, Action*, (Bookmark*))                                    \
  X(FPDFAction_GetDest, Dest*, (Document*, Action*))                                 \
  X(FPDFDest_GetDestPageIndex, int, (Document*, Dest*))

struct Functions {
#define DM_PDFIUM_MEMBER(name, result, parameters) result(*name) parameters = nullptr;
  DM_PDFIUM_FUNCTIONS(DM_PDFIUM_MEMBER)
#undef DM_PDFIUM_MEMBER
};

}  // namespace pdfium

// The loaded and initialised library. Closing it ends PDFium but leaves its code mapped: unloading C++ libraries with
// thread-local state is not safe.
class Pdfium {
 public:
  // kUnavailable when the file is missing, is no library, or lacks a function we call (the message names it).
  static Result<std::unique_ptr<Pdfium>> open(const std::string& path);
  ~Pdfium();
  Pdfium(const Pdfium&) = delete;
  Pdfium& operator=(const Pdfium&) = delete;

  const pdfium::Functions* operator->() const { return &functions_; }

 private:
  Pdfium() = default;
  pdfium::Functions functions_;
};

// Closes any of PDFium's handles with the function it was made with.
template <typename T>
using PdfHandle = std::unique_ptr<T, void (*)(T*)>;

// The document in `bytes`, which must outlive it. kInvalidArgument: no PDF or encrypted; kDataLoss: broken.
Result<PdfHandle<pdfium::Document>> open_pdf(const Pdfium& library, std::string_view bytes);

// What the "call twice" functions of PDFium give: UTF-16LE with its NUL, as UTF-8. `call(buffer, bytes)` returns the
// bytes that it needs. Longer texts than 64 KiB are cut.
std::string pdf_text_of(const auto& call);

std::string utf8_of_utf16(std::u16string_view text);

std::string pdf_text_of(const auto& call) {
  const unsigned long bytes = call(nullptr, 0UL);
  if (bytes < 4 || bytes > (64UL << 10U)) return {};
  std::u16string buffer(bytes / 2, u'\0');
  call(buffer.data(), static_cast<unsigned long>(buffer.size() * 2));
  return utf8_of_utf16(std::u16string_view(buffer).substr(0, buffer.find(u'\0')));
}

}  // namespace docmind::parse
