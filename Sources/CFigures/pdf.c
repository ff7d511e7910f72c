#include "ritz_pdf.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

// The few functions used, with the types of their libraries that are pointers to us; see librsvg's rsvg.h and cairo's cairo.h.
typedef struct {
  double x, y, width, height;
} rectangle;
typedef struct {
  unsigned domain;
  int code;
  char *message;
} glib_error;
typedef int (*write_function)(void *, const unsigned char *, unsigned);

static void *(*svg_from_data)(const unsigned char *, size_t, glib_error **);
static int (*svg_render)(void *, void *, const rectangle *, glib_error **);
static void (*object_unref)(void *);
static void *(*pdf_surface)(write_function, void *, double, double);
static void *(*drawing_create)(void *);
static void (*drawing_destroy)(void *);
static int (*drawing_status)(void *);
static void (*surface_finish)(void *);
static int (*surface_status)(void *);
static void (*surface_destroy)(void *);

static char failure[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
#if defined(__APPLE__)
  void *rsvg = dlopen("librsvg-2.2.dylib", RTLD_NOW | RTLD_LOCAL);
  void *cairo = dlopen("libcairo.2.dylib", RTLD_NOW | RTLD_LOCAL);
  void *object = dlopen("libgobject-2.0.0.dylib", RTLD_NOW | RTLD_LOCAL);
#else
  void *rsvg = dlopen("librsvg-2.so.2", RTLD_NOW | RTLD_LOCAL);
  void *cairo = dlopen("libcairo.so.2", RTLD_NOW | RTLD_LOCAL);
  void *object = dlopen("libgobject-2.0.so.0", RTLD_NOW | RTLD_LOCAL);
#endif
  if (!rsvg || !cairo || !object) {
    snprintf(failure, sizeof failure, "librsvg (librsvg-2.so.2) cannot be loaded: install librsvg2-2");
    return;
  }
  *(void **)&svg_from_data = dlsym(rsvg, "rsvg_handle_new_from_data");
  *(void **)&svg_render = dlsym(rsvg, "rsvg_handle_render_document");
  *(void **)&object_unref = dlsym(object, "g_object_unref");
  *(void **)&pdf_surface = dlsym(cairo, "cairo_pdf_surface_create_for_stream");
  *(void **)&drawing_create = dlsym(cairo, "cairo_create");
  *(void **)&drawing_destroy = dlsym(cairo, "cairo_destroy");
  *(void **)&drawing_status = dlsym(cairo, "cairo_status");
  *(void **)&surface_finish = dlsym(cairo, "cairo_surface_finish");
  *(void **)&surface_status = dlsym(cairo, "cairo_surface_status");
  *(void **)&surface_destroy = dlsym(cairo, "cairo_surface_destroy");
  if (!svg_from_data || !svg_render || !object_unref || !pdf_surface || !drawing_create || !drawing_destroy ||
      !drawing_status || !surface_finish || !surface_status || !surface_destroy)
    snprintf(failure, sizeof failure, "the librsvg or cairo found is too old to draw PDF: install librsvg2-2 2.46 or later");
}

typedef struct {
  ritz_pdf_sink sink;
  void *context;
} destination;

static int pass(void *closure, const unsigned char *bytes, unsigned count) {
  destination *target = closure;
  target->sink(target->context, bytes, count);
  return 0;
}

const char *ritz_pdf_from_svg(const char *svg, size_t count, double width, double height, ritz_pdf_sink sink,
                              void *context) {
  pthread_once(&once, load);
  if (failure[0]) return failure;
  glib_error *error = NULL;
  void *handle = svg_from_data((const unsigned char *)svg, count, &error);
  // The text of a glib_error would have to be freed; a drawing of our own that is not read is our fault anyway.
  if (handle == NULL) return "librsvg does not read the figure";
  destination target = {sink, context};
  void *surface = pdf_surface(pass, &target, width, height);
  void *drawing = drawing_create(surface);
  const rectangle page = {0, 0, width, height};
  int drawn = svg_render(handle, drawing, &page, &error) && drawing_status(drawing) == 0;
  drawing_destroy(drawing);
  surface_finish(surface);
  drawn = drawn && surface_status(surface) == 0;
  surface_destroy(surface);
  object_unref(handle);
  return drawn ? NULL : "librsvg does not draw the figure";
}
