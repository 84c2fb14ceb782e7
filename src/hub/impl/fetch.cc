#include "hub/impl/fetch.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/sha256.h"
#include "sys/mapped_file.h"

namespace docmind::hub {
namespace {

constexpr std::uint64_t kMaxNote = 4096;
constexpr std::uint64_t kDiskReserve = 64U << 20U;  // What a disk must keep.

std::string megabytes(std::uint64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); }

Result<std::string> sha256_of_file(const std::filesystem::path& path, const std::stop_token& stop) {
  constexpr std::size_t kBlock = 8U << 20U;
  const auto file = DM_TRY(sys::MappedFile::open(path));
  Sha256 hash;
  for (std::string_view rest = file->bytes(); !rest.empty();) {
    if (stop.stop_requested()) return Error{Code::kCancelled, "Checking was stopped."};
    const std::string_view block = rest.substr(0, kBlock);
    hash.add(block);
    sys::MappedFile::forget(block);
    rest.remove_prefix(block.size());
  }
  return hash.hex();
}

}  // namespace

std::string Hub::Fetch::note() const {
  return to_text(boost::json::object{
             {"repository", file_.repository}, {"file", file_.path}, {"etag", facts_.etag}, {"size", facts_.size}}) +
         "\n";
}

Result<Hub::Fetch::Next> Hub::Fetch::prepare(FileFacts facts) {
  facts_ = std::move(facts);
  if (options_.checksum == Checksum::kRequired && !facts_.sha256()) {
    return Error{Code::kDataLoss, "The server tells no SHA-256 of " + file_.path + ", so it cannot be checked.",
                 "Pull from a hub that tells it, or download it by hand and use docmind models import."};
  }
  const auto known = files_.read(note_path(), kMaxNote);
  if (!known || *known != note()) {
    DM_TRY(part_.clear());
    if (files_.stat(target_)) DM_TRY(files_.remove(target_));
    DM_TRY(files_.write_atomic(note_path(), note()));
  } else if (const auto there = files_.stat(target_); there && there->size == facts_.size) {
    done_ = true;
    DM_TRY(part_.remove());
    return Next::kNothing;
  }
  if (part_.size() > facts_.size) DM_TRY(part_.clear());
  DM_TRY(check_disk());
  if (options_.progress) options_.progress(part_.size(), facts_.size);
  return Next::kBytes;
}

Result<> Hub::Fetch::check_disk() const {
  const std::uint64_t wanted = facts_.size - part_.size() + kDiskReserve;
  const std::uint64_t free = DM_TRY(sys::free_bytes(target_.parent_path()));
  if (free >= wanted) return {};
  return Error{Code::kResourceExhausted,
               fmt::format("{} needs {} on a disk that has {} left.", file_.path, megabytes(wanted), megabytes(free)),
               "Make room, or choose another data directory with --data."};
}

net::Headers Hub::Fetch::headers() const {
  if (part_.size() == 0) return {};
  return {{"Range", fmt::format("bytes={}-", part_.size())}};
}

Result<> Hub::Fetch::begin(const net::Response& head, const Told& told) {
  if (head.status != 200 && head.status != 206) return useless("the server's answer to the request for it is none");
  // The tag of a machine that the hub sends us to is its own affair: then the hub's word was in the redirect.
  if (told.etag != facts_.etag) {
    return Error{Code::kUnavailable, file_.path + " has changed while it was fetched.", "Run the same command again."};
  }
  if (head.status == 206) {
    const ContentRange range = DM_TRY(parse_content_range(head.headers.find("Content-Range").value_or("")));
    if (range.first != part_.size() || range.total != facts_.size) {
      return useless("the server sends another part of it than was asked for");
    }
    return {};
  }
  if (const auto length = head.headers.find("Content-Length"); length && *length != std::to_string(facts_.size)) {
    return useless(fmt::format("the server sends {} bytes of a file of {}", std::string(*length), facts_.size));
  }
  return part_.clear();  // The whole file, whatever was asked for.
}

Result<> Hub::Fetch::take(std::string_view bytes) {
  if (part_.size() + bytes.size() > facts_.size) {
    return useless(fmt::format("the server sends more than the {} bytes it has", facts_.size));
  }
  DM_TRY(part_.append(bytes));
  if (options_.progress) options_.progress(part_.size(), facts_.size);
  return {};
}

Result<> Hub::Fetch::end(int status, const std::string& site) {
  if (status == 416) {  // It has no such part: what is here is of another file.
    DM_TRY(part_.clear());
    return Error{Code::kUnavailable, site + " does not go on where " + file_.path + " ended.", "Try again."};
  }
  if (status != 200 && status != 206) return refusal(status, file_.path + " in " + file_.repository, site);
  if (!missing()) return {};
  return Error{Code::kUnavailable, site + " ended " + file_.path + " before it was whole.", "Try again."};
}

Result<> Hub::Fetch::finish() {
  if (const auto expected = facts_.sha256()) {
    const std::string actual = DM_TRY(sha256_of_file(part_.path(), options_.stop));
    if (actual != *expected) return useless("its bytes have another SHA-256 than the server tells");
  }
  DM_TRY(part_.finish(target_));
  done_ = true;
  return {};
}

// What is here cannot become the file.
Error Hub::Fetch::useless(const std::string& why) {
  const auto cleared = part_.clear();
  if (!cleared) return cleared.error();
  return {Code::kDataLoss, file_.path + " was thrown away: " + why + ".", "Pull it again, or from another address."};
}

void Hub::Fetch::leave() {
  if (done_ || part_.size() > 0) return;
  // Only tidying: what stays is empty.
  (void)static_cast<bool>(part_.remove());
  if (!files_.stat(target_)) (void)static_cast<bool>(files_.remove(note_path()));
}

Error Hub::Fetch::explain(Error error) const {
  const bool goes_on = error.code == Code::kCancelled || retryable(error.code);
  if (goes_on && part_.size() > 0) {
    error.hint = fmt::format("Run the same command again: it goes on at {} of {}.", megabytes(part_.size()),
                             megabytes(facts_.size));
  }
  return error;
}

}  // namespace docmind::hub
