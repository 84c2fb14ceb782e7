#include "parse/pdfium.h"

#include <dlfcn.h>

#include <algorithm>

#include "base/utf8.h"

namespace docmind::parse {
namespace {

Error unavailable(const std::string& what) {
  return {Code::kUnavailable, "the PDF library cannot be loaded: " + what,
          "Run ./dev setup and build again; libpdfium.so must lie in lib/docmind beside the program."};
}

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

Result<std::unique_ptr<Pdfium>> Pdfium::open(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return unavailable(dlerror());
  std::unique_ptr<Pdfium> loaded(new Pdfium());
#define DM_PDFIUM_FIND(name, result, parameters)                          \
  if (!find(library, #name, loaded->functions_.name)) {                   \
    loaded->functions_.FPDF_DestroyLibrary = nullptr; /* never started */ \
    return unavailable(path + " has no function " #name);                 \
  }
  DM_PDFIUM_FUNCTIONS(DM_PDFIUM_FIND)
#undef DM_PDFIUM_FIND
  pdfium::Config config{};
  config.version = 2;
  loaded->functions_.FPDF_InitLibraryWithConfig(&config);
  return loaded;
}

Pdfium::~Pdfium() {
  if (functions_.FPDF_DestroyLibrary != nullptr) functions_.FPDF_DestroyLibrary();
}

Result<PdfHandle<pdfium::Document>> open_pdf(const Pdfium& library, std::string_view bytes) {
  // The header may stand anywhere in the first 1,024 bytes (ISO 32000-1, annex H.3.4.1).
  if (bytes.substr(0, 1024 + 5).find("%PDF-") == std::string_view::npos) {
    return Error{Code::kInvalidArgument, "this is not a PDF file", "Check the file, its name may be wrong."};
  }
  PdfHandle<pdfium::Document> document(library->FPDF_LoadMemDocument64(bytes.data(), bytes.size(), nullptr),
                                       library->FPDF_CloseDocument);
  if (document) return document;
  const unsigned long why = library->FPDF_GetLastError();
  if (why == pdfium::kErrorPassword || why == pdfium::kErrorSecurity) {
    return Error{Code::kInvalidArgument, "the PDF is encrypted and needs a password",
                 "Save a copy without a password and add that."};
  }
  return Error{Code::kDataLoss, "the PDF is broken or cut off", "Get the file again; its download may have stopped."};
}

std::string utf8_of_utf16(std::u16string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char32_t code = text[i];
    const bool high = code >= 0xd800 && code < 0xdc00;
    if (high && i + 1 < text.size() && text[i + 1] >= 0xdc00 && text[i + 1] < 0xe000) {
      code = 0x10000 + ((code - 0xd800) << 10U) + (static_cast<char32_t>(text[++i]) - 0xdc00);
    } else if (code >= 0xd800 && code < 0xe000) {
      code = 0xfffd;
    }
    append_utf8(out, code);
  }
  return out;
}

}  // namespace docmind::parse
