/*
 * Stands in for libnvidia-ml.so on a simulated machine: answers from a table that is generated in front of this text (GANTRY_GPUS,
 * GANTRY_MIGS and the macros below). Interface: the public NVML header; only what clients ask to find and describe devices, among them
 * all that the reference's command line and its CDI generator ask. It needs nothing but what the process that loads it has.
 */

typedef unsigned int u32;
typedef unsigned long long u64;

struct mig {
  /* `profile`: of the GPU instance, by its place in the table below; `slot`: NVML's index. */
  u32 gpu, slot, gpuInstance, computeInstance, profile, computeSlices;
  u64 memoryMib;
  const char *uuid, *name;
};

enum { MIG_OFF = 0, MIG_ON = 1, MIG_IMPOSSIBLE = 2 };

struct gpu {
  u32 domain, bus, device, pciId, minor, brand, architecture, isCoherent, isLost, migMode, migPending, migSlots;
  int capabilityMajor, capabilityMinor;
  u64 memoryBytes;
  const char *uuid, *name;
};

static const struct gpu gpus[] = {GANTRY_GPUS};
static const struct mig migs[] = {GANTRY_MIGS};

/* Profiles of GPU instances by NVML's index of them: the number that the driver gives each, and the slices that it takes. */
static const struct { u32 id, slices; } profiles[] = {
  {19, 1}, {14, 2}, {9, 3}, {5, 4}, {0, 7}, {1, 8}, {3, 6}, {20, 1}, {6, 2},
  {15, 1}, {47, 1}, {35, 2}, {32, 4}, {67, 1}, {66, 2}, {65, 1}, {64, 2}, {33, 3},
};
/* Slices of the profiles of compute instances, by NVML's index of them, which is their number as well. */
static const u32 computeProfiles[] = {1, 2, 3, 4, 7, 8, 6};
#define LENGTH(list) (sizeof(list) / sizeof *(list))

enum { OK = 0, UNINITIALIZED = 1, INVALID = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, GPU_IS_LOST = 15, WRONG_VERSION = 25 };

#ifdef GANTRY_ERROR
#define BEGIN return GANTRY_ERROR;
#else
#define BEGIN if (!initialised) return UNINITIALIZED;
#endif
#define API __attribute__((visibility("default"))) int

extern int pause(void);
extern long write(int, const void *, unsigned long);
extern long ptrace(int, int, unsigned long, unsigned long);
extern int prctl(int, ...), fork(void), getpid(void);
extern unsigned sleep(unsigned);
extern void _exit(int);
enum { PR_SET_PTRACER = 0x59616d61, PTRACE_SEIZE = 0x4206, PTRACE_O_TRACEEXIT = 0x40 };

/* Counted: it is over with the last of as many nvmlShutdown as there were nvmlInit. */
static u32 initialised;

static int copy(char *to, u32 room, const char *from) {
  u32 at = 0;
  if (!to) return INVALID;
  for (; from[at]; at++) {
    if (at + 1 >= room) return TOO_SMALL;
    to[at] = from[at];
  }
  if (at >= room) return TOO_SMALL;
  to[at] = 0;
  return OK;
}

static int isSame(const char *one, const char *other) {
  while (*one && *one == *other) one++, other++;
  return *one == *other;
}

static const struct gpu *gpuOf(const void *handle) {
  const struct gpu *gpu = handle;
  return gpu >= gpus && gpu < gpus + GANTRY_GPU_COUNT ? gpu : 0;
}

static const struct mig *migOf(const void *handle) {
  const struct mig *mig = handle;
  return mig >= migs && mig < migs + GANTRY_MIG_COUNT ? mig : 0;
}

API nvmlInit_v2(void) {
#ifdef GANTRY_HANGS
  for (;;) pause();
#endif
#ifdef GANTRY_STUCK
  /* A tracer holds the process at its end, as a driver that does not return from the kernel would: it cannot be killed. */
  prctl(PR_SET_PTRACER, ~0ul, 0ul, 0ul, 0ul);
  int here = getpid();
  if (fork() == 0) {
    ptrace(PTRACE_SEIZE, here, 0ul, PTRACE_O_TRACEEXIT);
    sleep(GANTRY_STUCK);
    _exit(0);
  }
  for (;;) pause();
#endif
#ifdef GANTRY_CRASHES
  __builtin_trap();
#endif
#ifdef GANTRY_PRINTS
  if (write(1, "NVML: {\"kind\":\n", 15) < 0) return INVALID;
#endif
#ifdef GANTRY_ERROR
  return GANTRY_ERROR;
#endif
#ifdef GANTRY_INIT_ERROR
  return GANTRY_INIT_ERROR;
#endif
  initialised++;
  return OK;
}
API nvmlInit(void) { return nvmlInit_v2(); }
API nvmlInitWithFlags(u32 flags) { return flags > 3 ? INVALID : nvmlInit_v2(); }
API nvmlShutdown(void) {
  BEGIN initialised--;
  return OK;
}
/* Source: what clients print of the vendor's library; from 24 on nobody shows any, and the header's words stand for them. */
static const char *const statusTexts[] = {
  "Success", "Uninitialized", "Invalid Argument", "Not Supported", "Insufficient Permissions", "Already Initialized", "Not Found",
  "Insufficient Size", "Insufficient External Power", "Driver Not Loaded", "Timeout", "Interrupt Request Issue",
  "NVML Shared Library Not Found", "Function Not Found", "Corrupted infoROM", "GPU is lost", "GPU requires reset",
  "GPU access blocked by the operating system", "Driver/library version mismatch", "In use by another client", "Insufficient Memory",
  "No data", "Requested vgpu operation not available with ECC enabled", "Insufficient Resources", "Requested frequency not supported",
  "Argument version mismatch", "Deprecated", "Not Ready", "GPU Not Found", "Invalid State", "Reset Type Not Supported",
};
__attribute__((visibility("default"))) const char *nvmlErrorString(int status) {
  return status >= 0 && (u32)status < LENGTH(statusTexts) ? statusTexts[status] : "Unknown Error";
}

API nvmlSystemGetDriverVersion(char *to, u32 room) { BEGIN return copy(to, room, GANTRY_DRIVER); }
/* Told without initialisation too. */
API nvmlSystemGetNVMLVersion(char *to, u32 room) {
#ifdef GANTRY_ERROR
  return GANTRY_ERROR;
#endif
  return copy(to, room, "12." GANTRY_DRIVER);
}
API nvmlSystemGetCudaDriverVersion_v2(int *version) {
  BEGIN *version = GANTRY_CUDA;
  return OK;
}
API nvmlSystemGetCudaDriverVersion(int *version) { return nvmlSystemGetCudaDriverVersion_v2(version); }

API nvmlDeviceGetCount_v2(u32 *count) {
  BEGIN *count = GANTRY_GPU_COUNT;
  return OK;
}
API nvmlDeviceGetCount(u32 *count) { return nvmlDeviceGetCount_v2(count); }
API nvmlDeviceGetHandleByIndex_v2(u32 index, const void **handle) {
  BEGIN if (index >= GANTRY_GPU_COUNT) return INVALID;
  if (gpus[index].isLost) return GPU_IS_LOST;
  *handle = &gpus[index];
  return OK;
}
API nvmlDeviceGetHandleByIndex(u32 index, const void **handle) { return nvmlDeviceGetHandleByIndex_v2(index, handle); }
API nvmlDeviceGetHandleByUUID(const char *uuid, const void **handle) {
  BEGIN for (u32 at = 0; at < GANTRY_GPU_COUNT; at++)
    if (isSame(gpus[at].uuid, uuid)) return *handle = &gpus[at], OK;
  for (u32 at = 0; at < GANTRY_MIG_COUNT; at++)
    if (isSame(migs[at].uuid, uuid)) return *handle = &migs[at], OK;
  return NOT_FOUND;
}
API nvmlDeviceGetIndex(const void *handle, u32 *index) {
  BEGIN if (migOf(handle)) return *index = migOf(handle)->slot, OK;
  const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return INVALID;
  *index = (u32)(gpu - gpus);
  return OK;
}
API nvmlDeviceGetMinorNumber(const void *handle, u32 *minor) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return NOT_SUPPORTED;
  *minor = gpu->minor;
  return OK;
}

static char *hex(char *to, u32 value, int digits) {
  for (int at = digits - 1; at >= 0; at--, value >>= 4) to[at] = "0123456789ABCDEF"[value & 15];
  return to + digits;
}

/* Text of the bus id in the old length, five numbers, text in the new length. */
struct pci {
  char legacy[16];
  u32 domain, bus, device, pciId, subsystemId;
  char busId[32];
};

static void writeBusId(char *to, const struct gpu *gpu, int domainDigits) {
  to = hex(to, gpu->domain, domainDigits);
  *to++ = ':';
  to = hex(to, gpu->bus, 2);
  *to++ = ':';
  to = hex(to, gpu->device, 2);
  *to++ = '.';
  *to++ = '0';
  *to = 0;
}
API nvmlDeviceGetPciInfo_v3(const void *handle, struct pci *pci) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return NOT_SUPPORTED;
  writeBusId(pci->legacy, gpu, 4);
  writeBusId(pci->busId, gpu, 8);
  pci->domain = gpu->domain;
  pci->bus = gpu->bus;
  pci->device = gpu->device;
  pci->pciId = gpu->pciId;
  pci->subsystemId = 0x146310de;
  return OK;
}
/* The older struct ends before the long text. */
API nvmlDeviceGetPciInfo_v2(const void *handle, struct pci *pci) {
  BEGIN struct pci whole;
  int status = nvmlDeviceGetPciInfo_v3(handle, &whole);
  for (u32 at = 0; status == OK && at < sizeof whole - sizeof whole.busId; at++) ((char *)pci)[at] = ((char *)&whole)[at];
  return status;
}
API nvmlDeviceGetPciInfo(const void *handle, struct pci *pci) { return nvmlDeviceGetPciInfo_v2(handle, pci); }
API nvmlDeviceGetUUID(const void *handle, char *to, u32 room) {
  BEGIN if (gpuOf(handle)) return copy(to, room, gpuOf(handle)->uuid);
  return migOf(handle) ? copy(to, room, migOf(handle)->uuid) : INVALID;
}
API nvmlDeviceGetName(const void *handle, char *to, u32 room) {
  BEGIN if (gpuOf(handle)) return copy(to, room, gpuOf(handle)->name);
  return migOf(handle) ? copy(to, room, migOf(handle)->name) : INVALID;
}
API nvmlDeviceGetBrand(const void *handle, u32 *brand) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return NOT_SUPPORTED;
  *brand = gpu->brand;
  return OK;
}
API nvmlDeviceGetCudaComputeCapability(const void *handle, int *major, int *minor) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return NOT_SUPPORTED;
  *major = gpu->capabilityMajor;
  *minor = gpu->capabilityMinor;
  return OK;
}
API nvmlDeviceGetArchitecture(const void *handle, u32 *architecture) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return INVALID;
  *architecture = gpu->architecture;
  return OK;
}
/* Its memory is the processor's as well: ATS; otherwise none of the ways. The upper bits of a version are its number, the lower the size. */
API nvmlDeviceGetAddressingMode(const void *handle, u32 *versionAndValue) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return INVALID;
  if (versionAndValue[0] != (1u << 24 | 8)) return WRONG_VERSION;
  versionAndValue[1] = gpu->isCoherent ? 2 : 0;
  return OK;
}
API nvmlDeviceGetMemoryInfo(const void *handle, u64 *totalFreeUsed) {
  BEGIN const struct mig *mig = migOf(handle);
  const struct gpu *gpu = gpuOf(handle);
  if (!gpu && !mig) return INVALID;
  totalFreeUsed[0] = totalFreeUsed[1] = mig ? mig->memoryMib << 20 : gpu->memoryBytes;
  totalFreeUsed[2] = 0;
  return OK;
}

API nvmlDeviceGetMigMode(const void *handle, u32 *current, u32 *pending) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu || gpu->migMode == MIG_IMPOSSIBLE) return NOT_SUPPORTED;
  *current = gpu->migMode;
  *pending = gpu->migPending;
  return OK;
}
API nvmlDeviceGetMaxMigDeviceCount(const void *handle, u32 *count) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return INVALID;
  *count = gpu->migSlots;
  return OK;
}
API nvmlDeviceGetMigDeviceHandleByIndex(const void *handle, u32 index, const void **device) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu || index >= gpu->migSlots) return INVALID;
  if (gpu->migMode != MIG_ON) return NOT_FOUND;
  /* A slot stays when its device is destroyed, and others keep their numbers. */
  for (u32 at = 0; at < GANTRY_MIG_COUNT; at++)
    if (&gpus[migs[at].gpu] == gpu && migs[at].slot == index) return *device = &migs[at], OK;
  return NOT_FOUND;
}
API nvmlDeviceIsMigDeviceHandle(const void *handle, u32 *isMig) {
  BEGIN *isMig = migOf(handle) != 0;
  return OK;
}
API nvmlDeviceGetDeviceHandleFromMigDeviceHandle(const void *device, const void **handle) {
  BEGIN if (!migOf(device)) return INVALID;
  *handle = &gpus[migOf(device)->gpu];
  return OK;
}
API nvmlDeviceGetGpuInstanceId(const void *device, u32 *id) {
  BEGIN if (!migOf(device)) return INVALID;
  *id = migOf(device)->gpuInstance;
  return OK;
}
API nvmlDeviceGetComputeInstanceId(const void *device, u32 *id) {
  BEGIN if (!migOf(device)) return INVALID;
  *id = migOf(device)->computeInstance;
  return OK;
}
/* Processors, five counts of engines, slices of the GPU instance, of the compute instance, MiB of memory. */
struct attributes {
  u32 counts[6], gpuSlices, computeSlices;
  u64 memoryMib;
};
API nvmlDeviceGetAttributes_v2(const void *device, struct attributes *attributes) {
  BEGIN const struct mig *mig = migOf(device);
  if (!mig) return INVALID;
  for (int at = 0; at < 6; at++) attributes->counts[at] = 1;
  attributes->gpuSlices = profiles[mig->profile].slices;
  attributes->computeSlices = mig->computeSlices;
  attributes->memoryMib = mig->memoryMib;
  return OK;
}
/* The older one is the same but for what it counts. */
API nvmlDeviceGetAttributes(const void *device, struct attributes *attributes) {
  return nvmlDeviceGetAttributes_v2(device, attributes);
}

/* Instances. Their handles are addresses within the first MIG device that lies in them, one field for each kind of handle. */
static const struct mig *holding(const void *handle, unsigned long offset) {
  return handle ? migOf((const char *)handle - offset) : 0;
}
#define AS_GPU_INSTANCE(handle) holding(handle, __builtin_offsetof(struct mig, gpuInstance))
#define AS_COMPUTE_INSTANCE(handle) holding(handle, __builtin_offsetof(struct mig, computeInstance))

API nvmlDeviceGetGpuInstanceById(const void *handle, u32 id, const void **instance) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return INVALID;
  if (gpu->migMode != MIG_ON) return NOT_SUPPORTED;
  for (u32 at = 0; at < GANTRY_MIG_COUNT; at++)
    if (&gpus[migs[at].gpu] == gpu && migs[at].gpuInstance == id) return *instance = &migs[at].gpuInstance, OK;
  return NOT_FOUND;
}
API nvmlGpuInstanceGetComputeInstanceById(const void *handle, u32 id, const void **instance) {
  BEGIN const struct mig *first = AS_GPU_INSTANCE(handle);
  if (!first) return INVALID;
  for (u32 at = 0; at < GANTRY_MIG_COUNT; at++)
    if (migs[at].gpu == first->gpu && migs[at].gpuInstance == first->gpuInstance && migs[at].computeInstance == id)
      return *instance = &migs[at].computeInstance, OK;
  return NOT_FOUND;
}
struct gpuInstanceInfo {
  const void *device;
  u32 id, profileId, placementStart, placementSize;
};
API nvmlGpuInstanceGetInfo(const void *handle, struct gpuInstanceInfo *info) {
  BEGIN const struct mig *mig = AS_GPU_INSTANCE(handle);
  if (!mig) return INVALID;
  info->device = &gpus[mig->gpu];
  info->id = mig->gpuInstance;
  info->profileId = profiles[mig->profile].id;
  info->placementStart = 0;
  info->placementSize = profiles[mig->profile].slices;
  return OK;
}
struct computeInstanceInfo {
  const void *device, *gpuInstance;
  u32 id, profileId, placementStart, placementSize;
};
static u32 computeProfileOf(u32 slices) {
  u32 at = 0;
  while (at + 1 < LENGTH(computeProfiles) && computeProfiles[at] != slices) at++;
  return at;
}
API nvmlComputeInstanceGetInfo_v2(const void *handle, struct computeInstanceInfo *info) {
  BEGIN const struct mig *mig = AS_COMPUTE_INSTANCE(handle);
  if (!mig) return INVALID;
  info->device = &gpus[mig->gpu];
  int status = nvmlDeviceGetGpuInstanceById(info->device, mig->gpuInstance, &info->gpuInstance);
  info->id = mig->computeInstance;
  info->profileId = computeProfileOf(mig->computeSlices);
  info->placementStart = 0;
  info->placementSize = mig->computeSlices;
  return status;
}
API nvmlComputeInstanceGetInfo(const void *handle, struct computeInstanceInfo *info) {
  return nvmlComputeInstanceGetInfo_v2(handle, info);
}

/* Number, peer to peer, slices, instances, processors, five counts of engines; MiB of memory. */
struct gpuInstanceProfile {
  u32 id, isP2p, slices, instances, processors, engines[5];
  u64 memoryMib;
};
/* The plain profiles that fit the GPU, and those of its instances. */
API nvmlDeviceGetGpuInstanceProfileInfo(const void *handle, u32 profile, struct gpuInstanceProfile *info) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu || profile >= LENGTH(profiles)) return INVALID;
  if (gpu->migMode == MIG_IMPOSSIBLE) return NOT_SUPPORTED;
  u32 slices = profiles[profile].slices;
  const struct mig *known = 0;
  for (u32 at = 0; at < GANTRY_MIG_COUNT; at++)
    if (&gpus[migs[at].gpu] == gpu && migs[at].profile == profile) known = &migs[at];
  if (!known && (profile > 4 || slices > gpu->migSlots)) return NOT_SUPPORTED;
  info->id = profiles[profile].id;
  info->isP2p = 0;
  info->slices = slices;
  info->instances = gpu->migSlots / slices ? gpu->migSlots / slices : 1;
  info->processors = slices * 14;
  for (int at = 0; at < 5; at++) info->engines[at] = slices;
  info->memoryMib = known ? known->memoryMib : (gpu->memoryBytes >> 20) * slices / gpu->migSlots;
  return OK;
}
/* Number, slices, instances, processors, five counts of shared engines. */
struct computeInstanceProfile {
  u32 id, slices, instances, processors, engines[5];
};
API nvmlGpuInstanceGetComputeInstanceProfileInfo(const void *handle, u32 profile, u32 engines, struct computeInstanceProfile *info) {
  BEGIN const struct mig *mig = AS_GPU_INSTANCE(handle);
  if (!mig || engines != 0) return INVALID;
  u32 whole = profiles[mig->profile].slices;
  if (profile >= LENGTH(computeProfiles) || computeProfiles[profile] > whole) return NOT_SUPPORTED;
  info->id = profile;
  info->slices = computeProfiles[profile];
  info->instances = whole / info->slices;
  info->processors = info->slices * 14;
  for (int at = 0; at < 5; at++) info->engines[at] = 1;
  return OK;
}
