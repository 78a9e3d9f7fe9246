/* SPDX-License-Identifier: MPL-2.0
 *
 * The command line: HTTP by libmicrohttpd and libcurl (see http.h). One thread serves; connections,
 * their time and their bodies are limited.
 */
#include "http.h"
#include "base/base_int.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct http_server {
    struct MHD_Daemon *daemon;
    http_serve *serve;
    void *arg;
    size_t body_max;
};

/* What is known of a request while its body comes in pieces. */
struct incoming {
    struct hbs_ctx *ctx;
    struct hbs_buf body;
    bool too_long;
};

static enum MHD_Result send_reply(struct MHD_Connection *c, int status, const char *type, const void *data, size_t size)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(size, (void *)(uintptr_t)data, MHD_RESPMEM_MUST_COPY);
    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    enum MHD_Result done = MHD_queue_response(c, (unsigned)status, r);
    MHD_destroy_response(r);
    return done;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *data, size_t *size, void **own)
{
    struct http_server *server = arg;
    struct incoming *in = *own;
    (void)version;
    if (!in) {
        in = calloc(1, sizeof *in);
        if (!in || hbs_ctx_open(NULL, &in->ctx)) {
            free(in);
            return MHD_NO;
        }
        hbs_buf_init(&in->body, in->ctx, server->body_max);
        *own = in;
        return MHD_YES;
    }
    if (*size) {
        in->too_long |= hbs_buf_put(&in->body, data, *size) != HBS_OK;
        *size = 0;
        return MHD_YES;
    }
    static const char long_words[] = "the body is too long\n";
    if (in->too_long)
        return send_reply(connection, 413, "text/plain; charset=utf-8", long_words, sizeof long_words - 1);
    struct http_request request = {method, path, in->body.data ? in->body.data : (const uint8_t *)"", in->body.size};
    struct http_reply reply = {.status = 500, .type = "text/plain; charset=utf-8"};
    hbs_buf_init(&reply.body, in->ctx, 1 << 20);
    server->serve(server->arg, in->ctx, &request, &reply);
    enum MHD_Result done = send_reply(connection, reply.status, reply.type, reply.body.data ? reply.body.data : (uint8_t *)"",
                                      reply.body.size);
    hbs_buf_close(&reply.body);
    return done;
}

static void on_end(void *arg, struct MHD_Connection *connection, void **own, enum MHD_RequestTerminationCode code)
{
    struct incoming *in = *own;
    (void)arg;
    (void)connection;
    (void)code;
    if (!in)
        return;
    hbs_buf_close(&in->body);
    hbs_ctx_close(in->ctx);
    free(in);
    *own = NULL;
}

enum hbs_err http_server_open(struct hbs_ctx *ctx, const char *listen, size_t body_max, http_serve *serve, void *arg,
                              unsigned *port, struct http_server **out)
{
    char host[64];
    const char *colon = strrchr(listen, ':');
    struct sockaddr_in at = {.sin_family = AF_INET};
    char *end = NULL;
    unsigned long number = colon ? strtoul(colon + 1, &end, 10) : 0;
    if (colon && (size_t)(colon - listen) < sizeof host) {
        memcpy(host, listen, (size_t)(colon - listen));
        host[colon - listen] = 0;
    }
    if (!colon || end == colon + 1 || *end || number > 65535 || (size_t)(colon - listen) >= sizeof host ||
        inet_pton(AF_INET, host, &at.sin_addr) != 1)
        return hbs_fail(ctx, HBS_ERR_USAGE, listen, "give ADDRESS:PORT, like 127.0.0.1:8642",
                        "this is no address to listen at");
    at.sin_port = htons((uint16_t)number);
    struct http_server *s = calloc(1, sizeof *s);
    if (!s)
        return hbs_fail_memory(ctx, sizeof *s);
    s->serve = serve;
    s->arg = arg;
    s->body_max = body_max;
    s->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, (uint16_t)number, NULL, NULL, on_request, s,
                                 MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
                                 MHD_OPTION_CONNECTION_LIMIT, 128u, MHD_OPTION_PER_IP_CONNECTION_LIMIT, 64u,
                                 MHD_OPTION_CONNECTION_TIMEOUT, 20u, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
                                 MHD_OPTION_END);
    if (!s->daemon) {
        free(s);
        return hbs_fail(ctx, HBS_ERR_IO, listen, "see that the port is free and allowed", "cannot listen there");
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
    *port = info ? info->port : (unsigned)number;
    *out = s;
    return HBS_OK;
}

void http_server_close(struct hbs_ctx *ctx, struct http_server *server)
{
    (void)ctx;
    if (!server)
        return;
    MHD_stop_daemon(server->daemon);
    free(server);
}

static size_t take(char *data, size_t one, size_t count, void *arg)
{
    struct hbs_buf *reply = arg;
    return hbs_buf_put(reply, data, one * count) ? 0 : one * count;
}

enum hbs_err http_ask(struct hbs_ctx *ctx, const char *url, const void *body, size_t size, double seconds, int *status,
                      struct hbs_buf *reply)
{
    CURL *c = curl_easy_init();
    if (!c)
        return hbs_fail_memory(ctx, 1);
    long code = 0;
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(seconds * 1000));
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, reply);
    struct curl_slist *head = curl_slist_append(NULL, "Content-Type: text/plain");
    if (body) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)size);
        curl_easy_setopt(c, CURLOPT_HTTPHEADER, head);
    }
    CURLcode r = curl_easy_perform(c);
    if (!r)
        curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
    curl_slist_free_all(head);
    curl_easy_cleanup(c);
    *status = (int)code;
    return r ? hbs_fail(ctx, HBS_ERR_INCOMPLETE, url, "see that it runs and can be reached", "no answer: %s",
                        curl_easy_strerror(r))
             : HBS_OK;
}
