// One file on its way: the part, the note of what it is part of, and the checks of each answer. No requests are made
// here.
//
// For one thread; everything handed in outlives it.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "hub/hub.h"
#include "sys/part_file.h"

namespace docmind::hub {

class Hub::Fetch {
 public:
  Fetch(const RemoteFile& file, const std::filesystem::path& target, const FetchOptions& options, sys::PartFile& part,
        sys::Files& files)
      : file_(file), target_(target), options_(options), part_(part), files_(files) {}

  enum class Next : std::uint8_t { kBytes, kNothing };
  // Before an attempt: keeps of the part what belongs to these facts. kNothing: the target is this file already.
  Result<Next> prepare(FileFacts facts);
  bool missing() const { return part_.size() < facts_.size; }
  net::Headers headers() const;  // Of the request for what is missing.
  Result<> begin(const net::Response& head, const Told& told);
  Result<> take(std::string_view bytes);
  Result<> end(int status, const std::string& site);
  // The part is whole: checked, and renamed to the target.
  Result<> finish();
  // After the last attempt: nothing empty stays.
  void leave();
  Error explain(Error error) const;
  const FileFacts& facts() const { return facts_; }

 private:
  std::filesystem::path note_path() const { return target_.string() + ".note"; }
  std::string note() const;
  Result<> check_disk() const;
  Error useless(const std::string& why);

  const RemoteFile& file_;
  const std::filesystem::path& target_;
  const FetchOptions& options_;
  sys::PartFile& part_;
  sys::Files& files_;
  FileFacts facts_{};
  bool done_ = false;
};

// What a status other than 2xx means for `what`.
Error refusal(int status, const std::string& what, const std::string& site);

}  // namespace docmind::hub
