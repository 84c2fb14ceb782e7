// Whole folders put in place in one step: what was there is swapped away, never overwritten.
//
// Thread safety: plain functions. Each is on the disk when it returns (fsync of the folders above). Errors: those of
// sys::Files; kConflict where something is in the way; kUnavailable where the file system cannot do it (a mount point,
// two disks, renameat2(2) without RENAME_EXCHANGE).
#pragma once
#include <filesystem>

#include "base/result.h"

namespace docmind::sys {

// Two folders change places, at one moment: a kill leaves them as they were or swapped.
Result<> swap_folders(const std::filesystem::path& a, const std::filesystem::path& b);

// Gives a folder a name that must be free.
Result<> move_folder(const std::filesystem::path& from, const std::filesystem::path& to);

// The names in a folder are on the disk, whatever happens.
Result<> sync_folder(const std::filesystem::path& folder);

// Everything below `folder`, and itself, belongs to who `like` belongs to: for what root puts in place of another's.
// Nothing happens when we may not (only root may).
void give_to_owner_of(const std::filesystem::path& like, const std::filesystem::path& folder);

}  // namespace docmind::sys
