/*
 * A disk that is slow, or refuses, for one program: preloaded (LD_PRELOAD), it stands before the C library's fsync and
 * fdatasync. The file named by SLOW_DISK says what happens to syncs of Daylong's database: a number of milliseconds to
 * wait, or "refuse". Without that file the disk is as it is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_database(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, "/daylong.db") != NULL;
}

/* 0: go on; -1: refused. */
static int suffer(int fd) {
  const char *name = getenv("SLOW_DISK");
  if (name == NULL || !is_database(fd)) return 0;
  int file = open(name, O_RDONLY);
  if (file < 0) return 0;
  char order[32] = {0};
  ssize_t length = read(file, order, sizeof order - 1);
  close(file);
  if (length > 0 && strncmp(order, "refuse", 6) == 0) {
    errno = EIO;
    return -1;
  }
  /* In small steps: a disk that is well again answers what it owes. */
  for (long left = atol(order); left > 0 && access(name, F_OK) == 0; left -= 10) usleep(10000);
  return 0;
}

int fsync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return suffer(fd) < 0 ? -1 : real(fd);
}

int fdatasync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return suffer(fd) < 0 ? -1 : real(fd);
}
