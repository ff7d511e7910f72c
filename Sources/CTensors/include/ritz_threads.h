#ifndef RITZ_THREADS_H
#define RITZ_THREADS_H

// A mutex with one condition variable.
typedef struct ritz_monitor ritz_monitor;
ritz_monitor *ritz_monitor_create(void);
void ritz_monitor_destroy(ritz_monitor *monitor);
void ritz_monitor_lock(ritz_monitor *monitor);
void ritz_monitor_unlock(ritz_monitor *monitor);
void ritz_monitor_wait(ritz_monitor *monitor);
void ritz_monitor_broadcast(ritz_monitor *monitor);

// Starts a detached thread with a stack of 8 MB.
void ritz_thread_start(void (*body)(void *context), void *context);

int ritz_processor_count(void);

// Makes the calling thread's OpenMP team a single thread; cheap when it already is.
void ritz_use_one_thread(void);

// Lets another thread run while this one waits for it.
void ritz_pause(void);

#endif
