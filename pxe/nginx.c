#include "pxe/nginx.h"
#include "pxe/backend.h"

/* In nginx's quotes. A line's end would begin a directive of its own. */
static void add_quoted(struct str *out, const char *text)
{
        str_addc(out, '"');
        for (; *text; text++) {
                if (*text == '"' || *text == '\\')
                        str_addc(out, '\\');
                str_addc(out, (unsigned char)*text < 0x20 ? '?' : *text);
        }
        str_addc(out, '"');
}

static void add_line(struct str *out, const char *before, const char *text, const char *after)
{
        str_add(out, before);
        for (; *text; text++)
                str_addc(out, (unsigned char)*text < 0x20 ? '?' : *text);
        str_add(out, after);
}

static void add_files(const struct nginx_wish *w, struct str *out)
{
        str_add(out, "\n        # Packages and boot files, as they are on the installation image.\n"
                     "        location /repo/ {\n"
                     "                alias ");
        AUTO_STR folder = STR_MAX(8192);
        str_addf(&folder, "%s/", w->mount_point);
        add_quoted(out, str_text(&folder));
        str_add(out, ";\n"
                     "                limit_except GET { deny all; }\n"
                     "                autoindex off;\n"
                     "                disable_symlinks on;\n"
                     "                default_type application/octet-stream;\n"
                     "                sendfile on;\n"
                     "                tcp_nopush on;\n"
                     "                access_log off;\n"
                     "        }\n");
}

static void add_backend(const struct nginx_wish *w, struct str *out)
{
        str_add(out, "\n        # What is decided for each machine. No log: the paths hold tokens. Nothing is asked "
                     "twice or kept:\n"
                     "        # a machine that fetches its answers has started.\n"
                     "        location / {\n");
        add_line(out, "                proxy_pass http://", w->backend, ";\n");
        str_add(out, "                proxy_http_version 1.1;\n"
                     "                proxy_set_header Connection \"\";\n"
                     "                proxy_set_header X-Real-IP $remote_addr;\n"
                     "                proxy_next_upstream off;\n"
                     "                proxy_cache off;\n"
                     "                proxy_max_temp_file_size 0;\n");
        str_addf(out, "                client_max_body_size %d;\n", LARGEST_ASK_BODY);
        str_add(out, "                access_log off;\n"
                     "                error_log /dev/null crit;\n"
                     "        }\n");
}

/* A stream of changes is passed on as it comes, and stays open. */
static void add_page(const struct nginx_wish *w, struct str *out)
{
        str_add(out, "\n# The page of the roll call.\nserver {\n");
        add_line(out, "        listen ", w->address, ":443 ssl;\n");
        str_add(out, "        server_name _;\n        server_tokens off;\n        ssl_certificate ");
        add_quoted(out, w->certificate);
        str_add(out, ";\n        ssl_certificate_key ");
        add_quoted(out, w->key);
        str_add(out, ";\n        ssl_protocols TLSv1.2 TLSv1.3;\n"
                     "        client_header_timeout 30s;\n"
                     "        client_body_timeout 30s;\n"
                     "        client_max_body_size 2m;\n"
                     "        location / {\n");
        add_line(out, "                proxy_pass http://", w->page, ";\n");
        str_add(out, "                proxy_http_version 1.1;\n"
                     "                proxy_set_header Connection \"\";\n"
                     "                proxy_set_header Host $http_host;\n"
                     "                proxy_set_header X-Real-IP $remote_addr;\n"
                     "                proxy_set_header X-Forwarded-Proto $scheme;\n"
                     "                proxy_next_upstream off;\n"
                     "                proxy_buffering off;\n"
                     "                proxy_cache off;\n"
                     "                proxy_read_timeout 60s;\n"
                     "                access_log off;\n"
                     "                error_log /dev/null crit;\n"
                     "        }\n}\n");
}

void nginx_print(const struct nginx_wish *w, struct str *out)
{
        str_add(out, "# nginx in front of xenroll serve: nginx sends the files of the installation image, xenroll "
                     "decides which machine\n"
                     "# installs. Before nginx starts, mount the image:\n");
        add_line(out, "#     mount -o loop,ro '", w->image, "' ");
        add_line(out, "'", w->mount_point, "'\n");
        str_add(out, "# xenroll has to listen behind it, on this computer, at the address that proxy_pass "
                     "names.\nserver {\n");
        add_line(out, "        listen ", w->address, ":80;\n");
        str_add(out, "        server_name _;\n"
                     "        server_tokens off;\n"
                     "        keepalive_timeout 30s;\n"
                     "        client_header_timeout 30s;\n"
                     "        client_body_timeout 30s;\n"
                     "        send_timeout 30s;\n"
                     "        large_client_header_buffers 4 8k;\n"
                     "        reset_timedout_connection on;\n");
        add_files(w, out);
        add_backend(w, out);
        str_add(out, "}\n");
        if (w->page)
                add_page(w, out);
}
