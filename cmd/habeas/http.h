/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: the little of HTTP that commands need, so that the libraries behind it
 * (libmicrohttpd to serve, libcurl to ask) are used in http.c alone.
 */
#ifndef HABEAS_HTTP_H
#define HABEAS_HTTP_H

#include "habeas/base.h"

struct http_request {
    const char *method, *path;
    const void *body;
    size_t size;
};

struct http_reply {
    int status;
    const char *type; /* static */
    struct hbs_buf body;
};

/* Answers one request; called by one thread at a time. `ctx` is that thread's. */
typedef void http_serve(void *arg, struct hbs_ctx *ctx, const struct http_request *request, struct http_reply *reply);

struct http_server;

/* Serves "HOST:PORT" (an IPv4 address; port 0: any) until closed. Bodies of more than `body_max` bytes are
 * refused. *port gets the port. */
enum hbs_err http_server_open(struct hbs_ctx *ctx, const char *listen, size_t body_max, http_serve *serve, void *arg,
                              unsigned *port, struct http_server **out);
void http_server_close(struct hbs_ctx *ctx, struct http_server *server);

/* One request to `url` with a body (NULL: GET); the status and the reply, of at most the buffer's maximum.
 * HBS_ERR_INCOMPLETE when nobody answers. Redirects are not followed. */
enum hbs_err http_ask(struct hbs_ctx *ctx, const char *url, const void *body, size_t size, double seconds, int *status,
                      struct hbs_buf *reply);

#endif
