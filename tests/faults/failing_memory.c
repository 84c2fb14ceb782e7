// Makes large allocations of a process fail while a file says so. Preloaded (LD_PRELOAD) by tests/e2e/failing_memory.py,
// which writes that file; the product has no hook for it.
//
// FAILING_MEMORY names the file, a struct Orders that both sides map. An allocation is large from `least` bytes on (0: none
// is), and of those the ones numbered `after` to `after + times - 1` fail. A process without that variable allocates as
// ever, but gives it, from FAILING_MEMORY_CHILD, to each `docmind engine` it starts with FAILING_MEMORY_FOR among its
// arguments: docmind starts its engines without an environment.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct Orders {
  _Atomic uint64_t least;
  _Atomic uint64_t after;
  _Atomic uint64_t times;
  _Atomic uint64_t seen;    // Large ones so far,
  _Atomic uint64_t failed;  // and of them those that failed.
};

extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* old, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);

static struct Orders* orders;
static char preload[4200] = "LD_PRELOAD=";
static char file[4200] = "FAILING_MEMORY=";
static const char* whose;

static void* map(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  return (void*)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}

__attribute__((constructor)) static void start(void) {
  const char* of_parent = getenv("FAILING_MEMORY_CHILD");
  Dl_info self;
  if (of_parent != NULL && dladdr((void*)&start, &self) != 0) {
    strncat(preload, self.dli_fname, 4096);
    strncat(file, of_parent, 4096);
    whose = getenv("FAILING_MEMORY_FOR");
  }
  const char* path = getenv("FAILING_MEMORY");
  const int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void* shared = map(NULL, sizeof(struct Orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (shared != MAP_FAILED) orders = shared;
}

static int fails(size_t size) {
  if (orders == NULL || orders->least == 0 || size < orders->least) return 0;
  const uint64_t number = atomic_fetch_add(&orders->seen, 1);
  if (number < orders->after || number - orders->after >= orders->times) return 0;
  atomic_fetch_add(&orders->failed, 1);
  errno = ENOMEM;
  return 1;
}

void* malloc(size_t size) { return fails(size) ? NULL : __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return fails(count * size) ? NULL : __libc_calloc(count, size); }
void* realloc(void* old, size_t size) { return fails(size) ? NULL : __libc_realloc(old, size); }
void* memalign(size_t alignment, size_t size) { return fails(size) ? NULL : __libc_memalign(alignment, size); }
void* aligned_alloc(size_t alignment, size_t size) { return fails(size) ? NULL : __libc_memalign(alignment, size); }

int posix_memalign(void** out, size_t alignment, size_t size) {
  *out = fails(size) ? NULL : __libc_memalign(alignment, size);
  return *out == NULL ? ENOMEM : 0;
}

void* mmap(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  return fails(size) ? MAP_FAILED : map(at, size, protection, flags, fd, offset);
}
void* mmap64(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  return mmap(at, size, protection, flags, fd, offset);
}

// Between vfork and exec: the stack alone.
int execve(const char* program, char* const argv[], char* const env[]) {
  char* widened[64];
  int for_it = 0;
  for (int i = 0; whose != NULL && argv[0] != NULL && argv[1] != NULL && argv[i] != NULL; ++i) {
    for_it |= strcmp(argv[1], "engine") == 0 && strstr(argv[i], whose) != NULL;
  }
  size_t count = 0;
  while (for_it && env != NULL && env[count] != NULL && count < 60) {
    widened[count] = env[count];
    ++count;
  }
  widened[count] = preload;
  widened[count + 1] = file;
  widened[count + 2] = NULL;
  return (int)syscall(SYS_execve, program, argv, for_it ? widened : env);
}
