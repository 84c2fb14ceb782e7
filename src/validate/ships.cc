#include "validate/ships.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "base/check.h"

namespace docmind::validate {
namespace {

constexpr std::array<std::string_view, 10> kFirst = {"Bright", "Silent", "Northern", "Golden",  "Quick",
                                                     "Grey",   "Proud",  "Little",   "Distant", "Merry"};
constexpr std::array<std::string_view, 6> kSecond = {"Heron", "Falcon", "Otter", "Lynx", "Marten", "Plover"};
constexpr std::array<std::string_view, 7> kPlaces = {"Kemi", "Turku", "Pori", "Vaasa", "Oulu", "Kotka", "Rauma"};

}  // namespace

std::string Ship::document() const {
  return fmt::format(
      "# The {0}\n\nThe {0} was built in {1} in {2}. She carried timber along the coast, and in winter she lay in the "
      "harbour, where her crew mended sails and ropes. Her hull was made of oak from the inland forests, and her "
      "masts were of pine. A crew of nine sailed her with a master, a mate and a cook.\n\n"
      "The owners of the {0} kept a book of every voyage. It tells of calm summers, of two storms off the outer "
      "islands, and of a long stay in a southern port while a new anchor was forged. The cargo was never lost. After "
      "her last voyage the {0} was laid up beside the old mill, and her figurehead was given to the museum of the "
      "town, where it can be seen on weekdays. Children of the neighbourhood learned to row in her boat, and the "
      "bell of the {0} still rings on market days. Her log was printed later, with a map of the routes and a list of "
      "all who had sailed with her.\n",
      name, year, place);
}

std::string Ship::when_built() const { return fmt::format("When was the {} built?", name); }
std::string Ship::where_built() const { return fmt::format("Where was the {} built?", name); }

Ship ship(std::size_t number) {
  DM_CHECK(number < kShips);
  return {.name = fmt::format("{} {}", kFirst.at(number % kFirst.size()), kSecond.at(number / kFirst.size())),
          .year = std::to_string(1801 + number),
          .place = std::string(kPlaces.at(number % kPlaces.size()))};
}

std::string file_of(std::size_t number) { return fmt::format("ship-{}.md", number); }

}  // namespace docmind::validate
