#include "ritz_threads.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include <sched.h>
#ifdef __linux__
// libgomp has no header in the toolchain; these two are its documented interface.
void omp_set_num_threads(int count);
#endif

struct ritz_monitor {
  pthread_mutex_t mutex;
  pthread_cond_t condition;
};

ritz_monitor *ritz_monitor_create(void) {
  ritz_monitor *monitor = malloc(sizeof *monitor);
  pthread_mutex_init(&monitor->mutex, NULL);
  pthread_cond_init(&monitor->condition, NULL);
  return monitor;
}

void ritz_monitor_destroy(ritz_monitor *monitor) {
  pthread_cond_destroy(&monitor->condition);
  pthread_mutex_destroy(&monitor->mutex);
  free(monitor);
}

void ritz_monitor_lock(ritz_monitor *monitor) { pthread_mutex_lock(&monitor->mutex); }
void ritz_monitor_unlock(ritz_monitor *monitor) { pthread_mutex_unlock(&monitor->mutex); }
void ritz_monitor_wait(ritz_monitor *monitor) { pthread_cond_wait(&monitor->condition, &monitor->mutex); }
void ritz_monitor_broadcast(ritz_monitor *monitor) { pthread_cond_broadcast(&monitor->condition); }

struct start {
  void (*body)(void *);
  void *context;
};

static void *trampoline(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
  start.body(start.context);
  return NULL;
}

void ritz_thread_start(void (*body)(void *), void *context) {
  struct start *start = malloc(sizeof *start);
  start->body = body;
  start->context = context;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 8u << 20);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  if (pthread_create(&thread, &attributes, trampoline, start) != 0) abort();
  pthread_attr_destroy(&attributes);
}

int ritz_processor_count(void) {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (int)count : 1;
}

void ritz_use_one_thread(void) {
#ifdef __linux__
  static __thread int done;
  if (done) return;
  omp_set_num_threads(1);
  done = 1;
#endif
}

void ritz_pause(void) { sched_yield(); }
