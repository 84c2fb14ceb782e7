#include "app/layout.h"

#include "base/hash.h"
#include "model/model_folder.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/process.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameDigits = 16;

// A build folder has share/ and lib/ beside the binary, an installed tree one folder up.
fs::path beside(const fs::path& binary, const char* what) {
  const fs::path here = binary.parent_path() / what / "docmind";
  std::error_code ignored;
  return fs::exists(here, ignored) ? here : binary.parent_path().parent_path() / what / "docmind";
}

}  // namespace

Result<Layout> lay_out(const std::string& data, const sys::Environment& environment, DataFolder folder) {
  Layout layout;
  layout.binary = DM_TRY(sys::executable_path());
  layout.share = beside(layout.binary, "share");
  layout.lib = beside(layout.binary, "lib");
  layout.data = data.empty() ? DM_TRY(sys::data_folder(environment)) : fs::path(data);
  std::error_code failed;
  layout.data = fs::absolute(layout.data, failed).lexically_normal();
  if (!layout.data.has_filename()) layout.data = layout.data.parent_path();
  sys::RealFiles files;
  if (folder == DataFolder::kThere && !fs::is_directory(layout.data, failed)) {
    return Error{Code::kNotFound, "there is no data directory " + sys::printable(layout.data),
                 "Name the one that docmind uses with --data DIR."};
  }
  auto made = files.make_dirs(layout.data).with("the data directory " + sys::printable(layout.data));
  if (!made) {
    Error error = std::move(made).error();
    if (error.hint.empty()) error.hint = "choose another one with --data DIR";
    return error;
  }
  layout.lock = layout.data / "lock";
  layout.library = layout.data / "library.db";
  layout.sessions = layout.data / "sessions.db";
  layout.keys = layout.data / "keys.json";
  layout.templates = layout.data / "templates.json";
  layout.answers = layout.data / "cache.db";
  layout.originals = layout.data / "originals";
  layout.models = layout.data / "models";
  layout.cards = layout.data / "cards";
  layout.runtime = DM_TRY(sys::runtime_folder(environment));
  layout.socket = DM_TRY(sys::socket_path(environment, layout.data));
  return layout;
}

std::filesystem::path purge_journal(const Layout& layout, const std::string& of, const std::string& store) {
  return layout.data / (of + "-purges-" + content_hash(store).hex().substr(0, kNameDigits) + ".json");
}

Result<fs::path> pdf_library() {
  const fs::path binary = DM_TRY(sys::executable_path());
  return beside(binary, "lib") / "libpdfium.so";
}

Result<fs::path> find_model(const Layout& layout, const std::string& name) {
  std::error_code ignored;
  if (name.find('/') != std::string::npos || name.ends_with(".gguf")) {  // No name of a model looks like a file's.
    if (fs::exists(name, ignored)) return fs::absolute(name);            // A child works in another folder.
    return Error{Code::kNotFound, "there is no model file " + name, "docmind models list shows the models by name"};
  }
  for (const fs::path& folder : {layout.models, layout.share / "models"}) {
    const fs::path file = folder / (name + ".gguf");
    if (!fs::exists(file, ignored)) continue;
    sys::RealFiles files;
    DM_TRY(model::check_before_load(file, files, {}));  // It is the file that was imported.
    return file;
  }
  return Error{Code::kNotFound, "there is no model called " + name,
               "import one with: docmind models import FOLDER --name " + name};
}

}  // namespace docmind::app
