#include "scheduler/kv_files.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "obs/log.h"
#include "sys/files.h"

namespace docmind::scheduler {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::string_view kMagic = "DOCMINDK";
constexpr std::uint32_t kVersion = 1;

// As docs/formats/kv.md says.
struct Header {
  std::array<char, 8> magic{};
  std::uint32_t version = kVersion;
  std::uint32_t tokens = 0;
  std::array<std::uint8_t, 32> identity{};
  std::array<std::uint8_t, 32> hash{};
  std::uint64_t bytes = 0;     // Of the cells after it.
  std::uint64_t checksum = 0;  // XXH3-64 of them.
  std::uint64_t own = 0;       // XXH3-64 of the header up to here.
};
static_assert(sizeof(Header) == 104);

std::string_view bytes_of(std::span<const TokenId> tokens) {
  return {reinterpret_cast<const char*>(tokens.data()), tokens.size_bytes()};
}

std::uint64_t checksum(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::uint64_t own_checksum(const Header& header) {
  return checksum({reinterpret_cast<const char*>(&header), offsetof(Header, own)});
}

Error damaged(const char* what) { return {Code::kDataLoss, std::string("saved cells have ") + what}; }

}  // namespace

KvFiles::KvFiles(KvFilesOptions options, std::string_view identity, sys::Files& files, const obs::Log& log)
    : options_(std::move(options)), identity_(content_hash(identity)), files_(files), log_(log) {}

Result<std::unique_ptr<KvFiles>> KvFiles::open(KvFilesOptions options, std::string_view identity, sys::Files& files,
                                               const obs::Log& log) {
  std::unique_ptr<KvFiles> out(new KvFiles(std::move(options), identity, files, log));
  DM_TRY(files.make_dirs(out->options_.folder));
  DM_TRY(out->scan());
  return out;
}

std::filesystem::path KvFiles::path_of(const Key& key) const {
  return options_.folder /
         (identity_.hex().substr(0, 16) + "-" + std::to_string(key.tokens) + "-" + key.hash.hex() + ".kv");
}

std::optional<KvFiles::Key> KvFiles::key_in(std::string_view name) const {
  if (!name.starts_with(identity_.hex().substr(0, 16) + "-") || !name.ends_with(".kv")) return std::nullopt;
  name = name.substr(17, name.size() - 17 - 3);
  const std::size_t dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  Key key;
  const auto number = std::from_chars(name.data(), name.data() + dash, key.tokens);
  auto hash = ContentHash::from_hex(name.substr(dash + 1));
  if (number.ec != std::errc{} || number.ptr != name.data() + dash || key.tokens == 0 || !hash) return std::nullopt;
  key.hash = *hash;
  return key;
}

// Files of other models stay until room is wanted: whoever switches models back and forth keeps both.
Result<> KvFiles::scan() {
  const MutexLock lock(mutex_);
  for (const sys::FolderEntry& entry : DM_TRY(files_.list(options_.folder))) {
    const auto stat = files_.stat(options_.folder / entry.name);
    if (!entry.name.ends_with(".kv") || !stat || stat->kind != sys::FileKind::kRegular) continue;
    if (const auto key = key_in(entry.name)) {
      entries_[*key] = {stat->size, stat->mtime_ns};
    } else {
      others_[entry.name] = {stat->size, stat->mtime_ns};
    }
    clock_ = std::max(clock_, stat->mtime_ns);
    ++counts_.files;
    counts_.bytes += stat->size;
  }
  return {};
}

std::uint32_t KvFiles::longest(std::span<const TokenId> tokens) const {
  const MutexLock lock(mutex_);
  std::uint32_t found = 0;
  Key at;
  for (const auto& [key, entry] : entries_) {  // By length, short ones first.
    if (key.tokens > tokens.size()) break;
    if (key.tokens != at.tokens) at = {key.tokens, content_hash(bytes_of(tokens.first(key.tokens)))};
    if (at == key) found = key.tokens;
  }
  return found;
}

bool KvFiles::has(std::span<const TokenId> tokens) const {
  const Key key{static_cast<std::uint32_t>(tokens.size()), content_hash(bytes_of(tokens))};
  const MutexLock lock(mutex_);
  return entries_.contains(key);
}

void KvFiles::refuse(const Key& key, const Error& why) {
  log_.failure(obs::Level::kWarn, "kv_file_refused", why, {{"tokens", key.tokens}});
  // It is of no use: when it cannot be removed now, the next start will find it again.
  (void)static_cast<bool>(files_.remove(path_of(key)));
  const MutexLock lock(mutex_);
  ++counts_.refused;
  if (const auto at = entries_.find(key); at != entries_.end()) {
    counts_.bytes -= at->second.bytes;
    --counts_.files;
    entries_.erase(at);
  }
}

// What the file holds, when it is whole and of these tokens.
Result<std::string_view> KvFiles::cells_in(std::string_view file, const Key& key) const {
  Header header;
  if (file.size() < sizeof(header)) return damaged("no whole header");
  std::memcpy(&header, file.data(), sizeof(header));
  if (std::string_view(header.magic.data(), header.magic.size()) != kMagic) return damaged("no header");
  if (header.version != kVersion) return damaged("another version");
  if (header.own != own_checksum(header)) return damaged("a damaged header");
  if (header.identity != identity_.bytes) return damaged("another model or build");
  if (header.tokens != key.tokens || header.hash != key.hash.bytes) return damaged("other tokens");
  const std::string_view cells = file.substr(sizeof(header));
  if (header.bytes != cells.size() || header.checksum != checksum(cells)) return damaged("damaged contents");
  return cells;
}

Result<SavedCells> KvFiles::read(std::span<const TokenId> tokens) {
  const Key key{static_cast<std::uint32_t>(tokens.size()), content_hash(bytes_of(tokens))};
  const Error none{Code::kNotFound, "no saved cells for these tokens"};
  {
    const MutexLock lock(mutex_);
    const auto at = entries_.find(key);
    if (at == entries_.end()) return none;
    at->second.used = ++clock_;
  }
  auto file = sys::MappedFile::open(path_of(key));  // Our own, and only ever replaced whole.
  const auto cells = file ? cells_in((*file)->bytes(), key) : file.error();
  if (!cells) {
    refuse(key, cells.error());
    return none;
  }
  const MutexLock lock(mutex_);
  ++counts_.read;
  return SavedCells{*std::move(file), *cells};
}

Result<> KvFiles::make_room(std::uint64_t bytes) {
  if (bytes > options_.max_bytes) {
    return Error{Code::kResourceExhausted, "The computed beginning is larger than what may be saved.",
                 "Raise the limit of saved KV in the settings."};
  }
  const auto by_use = [](const auto& entry) { return entry.second.used; };
  const auto give_up = [this](auto& from, auto oldest, const std::filesystem::path& path)
                           DM_REQUIRES(mutex_) -> Result<> {
    DM_TRY(files_.remove(path));
    counts_.bytes -= oldest->second.bytes;
    --counts_.files;
    from.erase(oldest);
    return {};
  };
  while (counts_.bytes + bytes > options_.max_bytes && !(entries_.empty() && others_.empty())) {
    const auto ours = std::ranges::min_element(entries_, {}, by_use);
    const auto other = std::ranges::min_element(others_, {}, by_use);
    const bool take_other =
        other != others_.end() && (ours == entries_.end() || other->second.used <= ours->second.used);
    if (take_other) {
      DM_TRY(give_up(others_, other, options_.folder / other->first));
    } else {
      DM_TRY(give_up(entries_, ours, path_of(ours->first)));
    }
  }
  return {};
}

Result<> KvFiles::write(std::span<const TokenId> tokens, std::string_view cells) {
  const Key key{static_cast<std::uint32_t>(tokens.size()), content_hash(bytes_of(tokens))};
  Header header;
  std::ranges::copy(kMagic, header.magic.begin());
  header.tokens = key.tokens;
  header.identity = identity_.bytes;
  header.hash = key.hash.bytes;
  header.bytes = cells.size();
  header.checksum = checksum(cells);
  header.own = own_checksum(header);
  const std::uint64_t bytes = sizeof(header) + cells.size();
  {
    const MutexLock lock(mutex_);
    if (entries_.contains(key)) return {};
    DM_TRY(make_room(bytes));
  }
  const auto file = DM_TRY(files_.create(path_of(key)));
  DM_TRY(file->write({reinterpret_cast<const char*>(&header), sizeof(header)}));
  DM_TRY(file->write(cells));
  DM_TRY(file->commit());
  const MutexLock lock(mutex_);
  const auto [at, fresh] = entries_.try_emplace(key);
  if (fresh) ++counts_.files;  // Else another thread has written the same meanwhile.
  ++counts_.written;
  counts_.bytes = counts_.bytes - at->second.bytes + bytes;
  at->second = {bytes, ++clock_};
  return {};
}

KvFilesCounts KvFiles::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

}  // namespace docmind::scheduler
