#ifndef RITZ_DISPATCH_H
#define RITZ_DISPATCH_H

// One compiled copy of a function per instruction set; the loader picks the best the processor has.
#if defined(__x86_64__) && defined(__linux__)
#define RITZ_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define RITZ_CLONES
#endif

#endif
