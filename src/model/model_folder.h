// The user's models: a folder (mode 0750) with NAME.gguf files and a card NAME.json beside each, which keeps what is
// known of it: where it came from, the hash of its bytes, what quantising it cost.
//
// Names are data: one file name, never a path. Thread safety: one thread; several processes may use a folder, each file
// appears whole. Errors: kInvalidArgument (a name that is none), kNotFound, kConflict (the name is taken), kDataLoss
// (the file has another hash than its card), those of import_model and quantise_model.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "model/import.h"
#include "model/loss_report.h"
#include "model/model_file.h"

namespace docmind::model {

struct ModelCard {
  std::string name;
  ContentHash hash{};
  std::uint64_t bytes = 0;
  std::int64_t mtime_ns = 0;  // Of the file that has this hash.
  std::string source;         // A path as it was typed, or the name of a model.
  std::string type;           // "q4_k_m"
  std::optional<LossReport> loss{};
};

struct ListedModel {
  std::string name;
  std::optional<ModelCard> card;  // None: the file was put here by hand.
  std::optional<ModelFile> file;  // None: it will not do, and
  std::string why{};              // this is why.
  std::uint64_t bytes = 0;
};

Result<> check_model_name(std::string_view name);

class ModelFolder {
 public:
  ModelFolder(std::filesystem::path folder, sys::Files& files) : folder_(std::move(folder)), files_(files) {}

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path file_of(std::string_view name) const;  // Of a name that is one.

  Result<std::vector<ListedModel>> list() const;  // By name.
  Result<ModelCard> import(const std::string& source, const std::string& name, WeightType type, WriteOptions write);
  // `source`: the file of a model; `from`: how a person calls it.
  Result<ModelCard> quantise(const std::filesystem::path& source, const std::string& from, const std::string& name,
                             WeightType type, WriteOptions write);
  // Takes a GGUF file in: it passes the preflight and moves here. `from`: where it came from.
  Result<ModelCard> adopt(const std::filesystem::path& file, const std::string& from, const std::string& name,
                          std::stop_token stop);
  // Nothing has this name yet.
  Result<> check_free(const std::string& name) const;
  // Reads every byte: the file passes the preflight and has the hash of its card (a file without one gets one).
  Result<ModelCard> verify(const std::string& name, std::stop_token stop);
  Result<> remove(const std::string& name);

  Result<ModelCard> card(const std::string& name) const;  // kNotFound: none.
  Result<> keep(const ModelCard& card);

 private:
  Result<> make();
  Result<ModelCard> finish(ModelCard card, std::stop_token stop);

  std::filesystem::path folder_;
  sys::Files& files_;
};

// Before a file is loaded: when it lies beside a card, it must be the file of that card. Only a file that was touched
// since is read again as a whole.
Result<> check_before_load(const std::filesystem::path& file, sys::Files& files, std::stop_token stop);

// The hash of a file's bytes, however large.
Result<ContentHash> hash_of_file(const std::filesystem::path& file, std::stop_token stop);

}  // namespace docmind::model
