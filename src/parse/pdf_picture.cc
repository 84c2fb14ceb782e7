#include "parse/pdf_picture.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "parse/pdfium.h"

namespace docmind::parse {
namespace {

// Points as pixels: the width that was asked for, less where that would be too many.
Picture sized(double width, double height, std::uint32_t wanted) {
  const double ratio = height / width;
  const double most = std::sqrt(static_cast<double>(kMostPixels) / ratio);
  const double across = std::max(1.0, std::floor(std::min<double>(wanted, most)));
  Picture picture;
  picture.width = static_cast<std::uint32_t>(across);
  const double down = std::clamp(std::floor(across * ratio), 1.0, static_cast<double>(kMostPixels) / across);
  picture.height = static_cast<std::uint32_t>(down);
  return picture;
}

}  // namespace

Result<Picture> picture_of_pdf(std::string_view bytes, std::uint32_t page, std::uint32_t width,
                               const PdfOptions& options) {
  const std::unique_ptr<Pdfium> library = DM_TRY(Pdfium::open(options.library));
  const PdfHandle<pdfium::Document> document = DM_TRY(open_pdf(*library, bytes));
  const int count = (*library)->FPDF_GetPageCount(document.get());
  if (page < 1 || count < 0 || page > static_cast<std::uint32_t>(count)) {
    return Error{Code::kNotFound,
                 "the PDF has " + std::to_string(count) + " pages, and no page " + std::to_string(page),
                 "Ask for one of them."};
  }
  const PdfHandle<pdfium::Page> handle((*library)->FPDF_LoadPage(document.get(), static_cast<int>(page) - 1),
                                       (*library)->FPDF_ClosePage);
  const double wide = handle ? (*library)->FPDF_GetPageWidthF(handle.get()) : 0;
  const double high = handle ? (*library)->FPDF_GetPageHeightF(handle.get()) : 0;
  if (!(wide > 0 && high > 0 && std::isfinite(wide) && std::isfinite(high))) {
    return Error{Code::kDataLoss, "page " + std::to_string(page) + " of the PDF is broken and cannot be drawn",
                 "Its text, if any, can be read all the same."};
  }
  Picture picture = sized(wide, high, width);
  const int across = static_cast<int>(picture.width);
  const int down = static_cast<int>(picture.height);
  picture.rgb.assign(std::size_t{picture.width} * picture.height * 3, '\xff');
  const PdfHandle<pdfium::Bitmap> bitmap(
      (*library)->FPDFBitmap_CreateEx(across, down, pdfium::kBitmapBgr, picture.rgb.data(), across * 3),
      (*library)->FPDFBitmap_Destroy);
  if (!bitmap) return Error{Code::kResourceExhausted, "there is no memory for a picture of the page", "Ask for less."};
  (*library)->FPDF_RenderPageBitmap(bitmap.get(), handle.get(), 0, 0, across, down, 0,
                                    pdfium::kRenderAnnotations | pdfium::kRenderRgb);
  return picture;
}

}  // namespace docmind::parse
