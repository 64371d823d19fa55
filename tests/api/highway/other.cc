// A Highway of another version, which knows nothing: the names of the real one, other types and numbers
// behind them. Who calls these functions instead of its own takes a target that no CPU has, or none.

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace hwy {

int64_t SupportedTargets();
void DisableTargets(int64_t);
void SetSupportedTargetsForTest(int64_t);
[[noreturn]] void Abort(const char* file, int line, const char* format, ...);
void Warn(const char* file, int line, const char* format, ...);

struct ChosenTarget {  // larger than Highway's, and of other members
  double mask[32];
};
ChosenTarget& GetChosenTarget();
ChosenTarget& GetChosenTarget() {
  static ChosenTarget chosen = {};
  return chosen;
}

int64_t SupportedTargets() { return SUPPORTED; }
void DisableTargets(int64_t) { GetChosenTarget().mask[31] = 1; }
void SetSupportedTargetsForTest(int64_t) { GetChosenTarget().mask[30] = 1; }
void Abort(const char*, int, const char*, ...) { std::exit(5); }
void Warn(const char*, int, const char*, ...) { std::exit(6); }

}  // namespace hwy
